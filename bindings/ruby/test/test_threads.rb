# frozen_string_literal: true

require_relative "helper"
require "timeout"

# Threads: the interpreter's lock, cancel, close, and exceptions that come from outside.
class TestThreads < AuthorityTest
  # What waits for the authority.
  WAITING = {
    validate: ->(client) { client.validate!(DEVICE) },
    partition: ->(client) { client.partition([DEVICE])[1].each_value { |error| raise error } },
    guard: ->(client) { client.guard(DEVICE) },
    register: ->(client) { client.register(DEVICE) },
    revoke: ->(client) { client.revoke(DEVICE) },
    unrevoke: ->(client) { client.unrevoke(DEVICE) },
    restore: ->(client) { client.restore(DEVICE) },
    remove: ->(client) { client.remove(DEVICE) },
    list_devices: lambda(&:list_devices),
    usage: lambda(&:usage)
  }.freeze

  # The thread that cancels could not go on if a call kept the interpreter's lock: the call would time out.
  def test_other_threads_go_on_during_every_call
    authority.pause
    WAITING.each do |name, call|
      authority.client(timeout_ms: 20_000) do |waiting|
        thread = Thread.new do
          call.(waiting)
        rescue MachineID::Error => e
          e.class
        end
        turns = 0
        (turns += 1) && sleep(0.005) until turns == 20
        assert_predicate thread, :alive?, name
        waiting.cancel
        assert_equal MachineID::CallCancelledError, thread.value, name
      end
    end
  end

  def test_a_look_at_a_guard_beside_threads_that_compute
    busy = Array.new(4) { Thread.new { loop { Integer.sqrt(2**4000) } } }
    client.guard(DEVICE) do |guard|
      count = 2000
      begun = now
      assert_equal(count, Array.new(count) { guard.allowed? }.count(true))
      # A thread that releases the interpreter's lock may wait for 0.4 s until it has it again.
      assert_operator now - begun, :<, count * 0.02
    end
  ensure
    busy.each(&:kill)
  end

  def test_one_client_serves_many_threads
    threads = Array.new(16) { |n| Thread.new { Array.new(50) { client.validate(n.even? ? DEVICE : "never") } } }
    answers = threads.map(&:value)
    assert_equal([[true], [false]] * 8, answers.map(&:uniq))
  end

  def test_a_client_that_is_closed_during_its_calls
    20.times do
      closing = authority.client
      started = Queue.new
      threads = Array.new(4) do
        Thread.new do
          started << 1
          1000.times { closing.validate!(DEVICE) }
        rescue MachineID::InvalidArgumentError, MachineID::CallCancelledError => e
          e.class
        end
      end
      4.times { started.pop }
      closing.close
      ends = [MachineID::InvalidArgumentError, MachineID::CallCancelledError]
      threads.each { |thread| assert_includes ends, thread.value }
    end
  end

  # Some of the clients and guards are never known to the program, because the exception came while they were made.
  def test_exceptions_from_outside_leave_nothing_behind
    client.validate!(DEVICE) # so that the client has its connection
    before = open_sockets
    200.times do |n|
      Timeout.timeout((n + 1) * 0.00002) do
        50.times { authority.client { |own| own.guard(DEVICE, &:allowed?) } }
      end
    rescue Timeout::Error
      nil # Most probably. Where the time is enough, or Ruby loses the exception in a finalizer, it does not come.
    end
    assert_equal true, client.validate(DEVICE)
    assert(eventually? { GC.start || guard_threads.zero? })
    assert(eventually? { GC.start || open_sockets <= before }, -> { "#{before} sockets, then #{open_sockets}" })
  end

  def test_a_killed_thread_lets_its_client_go
    authority.pause
    waiting = authority.client(timeout_ms: 20_000)
    thread = Thread.new { waiting.validate(DEVICE) }
    sleep 0.05
    thread.kill
    waiting.close
    assert thread.join(PATIENCE_S)
  end

  def test_cancel_in_a_trap_handler
    previous = trap(:USR1) { client.cancel }
    Process.kill(:USR1, Process.pid)
    assert(eventually? { !client.validate(DEVICE) })
    assert_raises(MachineID::CallCancelledError) { client.validate!(DEVICE) }
  ensure
    trap(:USR1, previous)
  end

  def test_compaction_beside_calls
    skip("this Ruby cannot compact") unless GC.respond_to?(:compact)
    stop = false
    threads = Array.new(4) { |n| Thread.new { client.partition(["a#{n}", DEVICE])[0] == [DEVICE] || break until stop } }
    20.times { GC.compact }
    stop = true
    threads.each { |thread| assert thread.join(PATIENCE_S) }
  rescue NotImplementedError
    skip("this system cannot compact")
  end

  def open_sockets
    Dir["/proc/self/fd/*"].count do |file|
      File.readlink(file).start_with?("socket:")
    rescue SystemCallError
      false # It is closed.
    end
  end

  def test_a_fiber_scheduler_goes_on_during_a_call
    begin
      require "async"
    rescue LoadError
      skip("async is not installed")
    end
    authority.pause
    waiting = authority.client(timeout_ms: 20_000)
    turns = 0
    ended = Async do |task|
      asked = task.async do
        waiting.validate!(DEVICE)
      rescue MachineID::Error => e
        e.class
      end
      20.times do
        task.sleep(0.005)
        turns += 1
      end
      waiting.cancel
      asked.wait
    end.wait
    assert_equal 20, turns
    assert_equal MachineID::CallCancelledError, ended
  ensure
    waiting&.close
  end
end
