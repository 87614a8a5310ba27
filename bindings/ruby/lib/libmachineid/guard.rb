# frozen_string_literal: true

module MachineID
  # Keeps one device's permission fresh in the background. A look at it, allowed?, takes some microseconds, asks nobody
  # and waits for nothing.
  #
  #     client.guard("agent-01") do |guard|
  #       work while guard.allowed?
  #     end
  #
  # Once the device is denied, the guard is off for good: a later unrevoke does not bring it back. In a child of fork it
  # is off too: start another one there, on the same client. Client#guard makes guards; the end of its block, stop or
  # the collector stops them. Any number of threads may use one.
  #
  # Like every object of Ruby a guard is true in a condition: never write `while guard`.
  class Guard
    # For how long a thread waits inside the library at most. Between two slices Ruby handles interrupts, and a guard
    # that another thread stops meanwhile is freed by the last thread to return.
    SLICE_MS = 250
    private_constant :SLICE_MS

    # The id of the device.
    attr_reader :device_id

    def initialize(device_id, handle) # :nodoc:
      @device_id = device_id
      @handle = handle
      @last = nil
    end

    # May the device run now?
    def allowed?
      return false if @handle.closed?

      @handle.use { |handle| Native.mid_guard_allowed(handle) == 1 }
    rescue InvalidArgumentError # Another thread has just stopped it.
      false
    end

    # The opposite: `!guard` and `not guard` are right. There is nothing like it for `if guard`.
    def ! = !allowed?

    # What the guard knows, for your log: a GuardDecision. After stop it is what it knew then.
    def decision
      return @last if @handle.closed? && @last

      flag = Native.memory(Fiddle::SIZEOF_INT)
      reply = @handle.ask { |handle, json| Native.mid_guard_decision(handle, flag, json) }
      GuardDecision.new(@device_id, flag[0, Fiddle::SIZEOF_INT].unpack1("i") == 1, Texts.reply_of(reply))
    rescue InvalidArgumentError
      raise if @last.nil?

      @last
    end

    # Waits until the guard is off: lapsed, denied, ended or stopped; `seconds` at most, or without a limit. Returns
    # whether it is off: true is no permission.
    def wait_until_off(seconds = nil)
      deadline = seconds && (now + seconds)
      loop do
        return true if @handle.closed?

        left_ms = deadline ? [(deadline - now) * 1000, 0].max : SLICE_MS
        return true if waited(left_ms.clamp(0, SLICE_MS).ceil)
        return false if deadline && now >= deadline
      end
    end

    # A descriptor for IO.select and event loops, which becomes readable when the guard is denied or ended, but not when
    # it lapses:
    #
    #     IO.for_fd(guard.fileno, autoclose: false).wait_readable
    #
    # Do not read from it or close it, and take it out of what watches it before stop. -1 where no descriptor is left,
    # or after stop.
    def fileno
      @handle.closed? ? -1 : @handle.use { |handle| Native.mid_guard_fd(handle) }
    rescue InvalidArgumentError
      -1
    end

    # Stops the guard and frees it, in 250 ms at most. Threads inside wait_until_off return. It may be called any number
    # of times, before or after the client is closed.
    def stop
      @last = decision.stopped unless @handle.closed?
      nil
    rescue InvalidArgumentError # Another thread has just stopped it.
      nil
    ensure
      @handle.close
    end

    def inspect = "#<#{self.class} of #{@device_id.inspect}, #{@handle.closed? ? "stopped" : state}>"

    # A guard is not copied: each process starts its own.
    def initialize_copy(_other) = raise(TypeError, "a Guard cannot be copied: each process starts its own")

    # The same for Marshal.
    def marshal_dump = raise(TypeError, "a Guard cannot be dumped: each process starts its own") # :nodoc:

    private

    def state = allowed? ? "on" : "off"

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    def waited(slice_ms)
      @handle.use { |handle| Native.waiting { Native.mid_guard_wait(handle, slice_ms).zero? } }
    rescue InvalidArgumentError
      true
    end
  end
end
