# frozen_string_literal: true

module MachineID
  # Owns what the library makes, and frees it once it is closed and its last call has returned, or else when the
  # collector or the end of the process finds it.
  #
  # It takes no lock: a child of fork might find that held, and a Mutex cannot be used in a trap handler. Each access to
  # @calls is one step under the interpreter's lock.
  class Handle
    # Frees the handle in a place, once. It is a finalizer too, and therefore does not know its Handle. Ruby runs
    # finalizers between the steps of a program, not within a collection, and at the end of the process only after it
    # has ended all other threads.
    class Release
      attr_reader :place

      def initialize(free)
        @free = free
        @place = Native.place
        @pending = [@place]
      end

      def call(_object_id = nil)
        # An exception from outside comes before this or after it.
        Thread.handle_interrupt(Object => :never) do
          handle = @pending.pop&.ptr
          Native.public_send(@free, handle) unless handle.nil? || handle.null?
        end
      end
    end

    # what is the word for it in a sentence, free the name of the function that frees it.
    def initialize(what, free)
      @what = what
      @calls = {}.compare_by_identity
      @closed = false
      # It exists before the library makes anything, so that an exception such as Timeout::Error leaves nothing behind.
      @release = Release.new(free)
      ObjectSpace.define_finalizer(self, @release)
    end

    # Yields the place for the handle and one for a `json` parameter. Returns what the library told, or raises the error
    # for its status.
    def open
      status, told = Texts.reply { |json| Native.waiting { yield @release.place, json } }
      raise Errors.for(Texts.status_name(status), Texts.reply_of(told)) unless status.zero?

      @handle = @release.place.ptr
      told
    end

    def closed? = @closed

    # Yields the handle, which nobody frees before the block has ended, or raises an error if it is closed.
    def use
      call = Object.new
      @calls[call] = Thread.current
      raise Errors.own("MID_INVALID_ARGUMENT", "the #{@what} is closed; make a new one") if @closed

      yield @handle
    ensure
      @calls.delete(call)
      free_when_idle if @closed
    end

    # Makes a call with the handle and a place for a `json` parameter. Returns what the library told, or raises the
    # error for its status.
    def ask
      status, told = Texts.reply { |json| use { |handle| Native.waiting { yield handle, json } } }
      raise Errors.for(Texts.status_name(status), Texts.reply_of(told)) unless status.zero?

      told
    end

    def close
      @closed = true
      free_when_idle
    end

    # A Handle is not copied: it would be freed twice.
    def initialize_copy(_other) = raise(TypeError, "a #{@what} cannot be copied")

    private

    # In a child of fork, the calls of the parent's other threads never end: those threads are not alive there.
    def free_when_idle
      return unless @calls.values.none?(&:alive?)

      Native.waiting { @release.call }
      # Ruby loses an exception from outside, such as Timeout::Error, that comes during a finalizer.
      ObjectSpace.undefine_finalizer(self)
    end
  end
  private_constant :Handle
end
