# frozen_string_literal: true

require_relative "helper"

# Guards, in threads.
class TestGuard < AuthorityTest
  INTERVAL_S = 0.2

  attr_reader :guard

  def setup
    super
    @guard = client.guard(DEVICE, interval_ms: 200)
  end

  def teardown
    guard.stop
    super
  end

  def test_a_guard_is_on_while_the_device_is_allowed
    assert_equal [true, false, "on", nil, "ALLOW"],
                 [guard.allowed?, !guard, guard.decision.state, guard.decision.error, guard.decision.code]
    begun = now
    authority.revoke(DEVICE)
    assert_equal true, guard.wait_until_off(PATIENCE_S)
    assert_operator now - begun, :<=, INTERVAL_S * 1.1 + 1 + SLACK_S
    known = guard.decision
    assert_equal [false, true, "denied", "DEVICE_REVOKED", 36],
                 [guard.allowed?, !guard, known.state, known.code, known.request_id.length]
    assert_equal [false, true, false], [known.allowed?, !known, known.decision.allowed?]
    assert_instance_of MachineID::DeniedError, known.error
    authority.unrevoke(DEVICE)
    assert_equal [true, false], [client.validate(DEVICE), guard.allowed?]
  end

  def test_no_guard_starts_for_a_device_that_is_denied
    error = assert_raises(MachineID::DeniedError) { client.guard("never") { flunk } }
    assert_equal ["DEVICE_NOT_REGISTERED", 36], [error.code, error.request_id.length]
  end

  def test_a_block_stops_its_guard
    inner = nil
    assert_equal(7, client.guard(DEVICE) { |own| (inner = own).allowed? ? 7 : 0 })
    assert_equal [false, "ended"], [inner.allowed?, inner.decision.state]
    assert_raises(RuntimeError) { client.guard(DEVICE) { |own| raise((inner = own).device_id) } }
    assert_equal false, inner.allowed?
  end

  def test_a_lapse_passes
    authority.outage(503)
    assert guard.wait_until_off(PATIENCE_S)
    known = guard.decision
    assert_equal ["lapsed", MachineID::UnavailableError], [known.state, known.failure.class]
    assert_same known.failure, known.error
    assert_operator known.failures, :>, 0
    authority.recover
    assert(eventually? { guard.allowed? })
    assert_nil guard.decision.failure
  end

  def test_waiting_has_a_limit
    assert_equal false, guard.wait_until_off(0)
    begun = now
    assert_equal false, guard.wait_until_off(0.3)
    assert_operator now - begun, :>=, 0.3
  end

  def test_waiting_takes_no_time_of_the_processor
    begun = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
    assert_equal false, guard.wait_until_off(2)
    assert_operator Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - begun, :<, 0.5
  end

  def test_an_interrupt_ends_a_wait
    thread = Thread.new { guard.wait_until_off }
    sleep 0.05
    thread.raise(Interrupt)
    thread.report_on_exception = false
    assert_raises(Interrupt) { thread.join(PATIENCE_S) }
  end

  def test_the_descriptor_becomes_readable_when_the_guard_is_denied
    watched = IO.for_fd(guard.fileno, autoclose: false)
    assert_nil watched.wait_readable(0)
    authority.revoke(DEVICE)
    assert watched.wait_readable(PATIENCE_S)
    guard.stop
    assert_equal(-1, guard.fileno)
  end

  def test_stop_lets_waiting_threads_go
    inside = Queue.new
    threads = Array.new(3) do
      Thread.new do
        inside << 1
        guard.wait_until_off
      end
    end
    3.times { inside.pop }
    guard.stop
    assert_equal [true] * 3, threads.map(&:value)
    assert_equal [false, "ended"], [guard.allowed?, guard.decision.state]
    assert_includes guard.inspect, "stopped"
    guard.stop
  end

  def test_a_guard_that_is_stopped_beside_looks
    20.times do
      own = client.guard(DEVICE)
      threads = Array.new(4) do
        Thread.new do
          nil while own.allowed?
          own.decision.state
        end
      end
      own.stop
      assert_equal ["ended"] * 4, threads.map(&:value)
    end
  end

  def test_a_guard_ends_with_its_client
    client.close
    assert guard.wait_until_off(PATIENCE_S)
    assert_equal ["ended", MachineID::CallCancelledError], [guard.decision.state, guard.decision.error.class]
    assert_includes guard.inspect, "off"
  end

  def test_the_collector_stops_guards_and_many_share_one_thread
    Thread.new { 20.times { client.guard(DEVICE) } }.join
    assert_equal 1, guard_threads
    guard.stop
    assert(eventually? { GC.start || guard_threads.zero? })
  end

  def test_looking_does_not_take_long
    count = 50_000
    begun = Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID)
    count.times { guard.allowed? }
    each_us = (Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID) - begun) / count * 1e6
    assert_operator each_us, :<, 50
  end
end
