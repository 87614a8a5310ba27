# frozen_string_literal: true

require_relative "helper"

# Decisions, operations and errors.
class TestClient < AuthorityTest
  def test_validate_is_true_or_false
    assert_equal [true, true], [client.validate(DEVICE), client.allowed?(DEVICE)]
    authority.revoke(DEVICE)
    assert_equal [false, false], [client.validate(DEVICE), client.allowed?(DEVICE)]
    assert_equal false, client.validate("never")
  end

  def test_a_block_is_called_when_the_device_is_allowed
    calls = []
    assert_equal(true, client.validate(DEVICE) { calls << 1 })
    client.validate!(DEVICE) { |decision| calls << decision.code }
    client.validate_many([DEVICE]) { calls << 3 }
    assert_equal [1, "ALLOW", 3], calls
    assert_equal(false, client.validate("never") { calls << 4 })
    assert_raises(MachineID::DeniedError) { client.validate!("never") { calls << 5 } }
    assert_equal(false, client.validate_many([DEVICE, "never"]) { calls << 6 })
    assert_equal [1, "ALLOW", 3], calls
  end

  def test_validate_with_a_bang
    decision = client.validate!(DEVICE)
    assert_equal [true, false, "MID_OK", "ALLOW", DEVICE],
                 [decision.allowed?, !decision, decision.status, decision.code, decision.device_id]
    assert_equal 36, decision.request_id.length
    assert_includes decision.inspect, "agent: allowed, ALLOW (request id #{decision.request_id})"
    assert_predicate decision, :frozen?

    error = assert_raises(MachineID::DeniedError) { client.validate!("never") }
    assert_kind_of MachineID::Error, error
    assert_equal ["MID_OK", "DEVICE_NOT_REGISTERED", 36, nil],
                 [error.status, error.code, error.request_id.length, error.http_status]
    assert_equal "not allowed: DEVICE_NOT_REGISTERED (request id #{error.request_id})", error.message
    assert_equal false, error.reply["allowed"]
  end

  def test_many_devices
    authority.register("other")
    allowed, errors = client.partition([DEVICE, "never", "", "other", DEVICE].each)
    assert_equal [DEVICE, "other", DEVICE], allowed
    assert_equal({ "never" => MachineID::DeniedError, "" => MachineID::InvalidArgumentError },
                 errors.transform_values(&:class))
    assert_equal "DEVICE_NOT_REGISTERED", errors["never"].code
    assert_equal 36, errors["never"].request_id.length
    assert_equal true, client.validate_many([DEVICE, "other"])
    assert_equal false, client.validate_many([DEVICE, "never"])
    assert_equal false, client.validate_many([])
    assert_equal [[], {}], client.partition([])
  end

  def test_many_devices_of_a_cancelled_client
    client.cancel
    assert_equal false, client.validate_many([DEVICE])
    allowed, errors = client.partition([DEVICE, "other"])
    assert_empty allowed
    assert_equal [MachineID::CallCancelledError] * 2, errors.values.map(&:class)
  end

  def test_a_thousand_devices_get_their_own_answers
    ids = Array.new(1000) { |n| (n % 100).zero? ? DEVICE : "wörker-#{"x" * (n % 40)}-#{n}" }
    allowed, errors = client.partition(ids)
    assert_equal [DEVICE] * 10, allowed
    assert_equal 990, errors.length
    assert_equal ["DEVICE_NOT_REGISTERED"], errors.values.map(&:code).uniq
  end

  def test_the_operations_of_an_operator
    assert_equal(%w[ok exists], Array.new(2) { client.register("new")["status"] })
    client.revoke("new")
    assert_equal false, client.validate("new")
    client.unrevoke("new")
    assert_equal true, client.validate("new")
    client.revoke("new")
    client.restore("new")
    assert_equal true, client.validate("new")
    assert_equal 2, client.list_devices["devices"].length
    assert_equal "pro", client.usage["planTier"]
    client.remove("new")
    error = assert_raises(MachineID::RefusedError) { client.remove("new") }
    assert_equal ["MID_REFUSED", "device_not_found", 36], [error.status, error.code, error.request_id.length]
    assert_includes error.message, "device_not_found"
    assert_includes error.message, error.request_id
  end

  def test_stats
    client.validate(DEVICE)
    client.validate("never")
    assert_equal({ "MID_OK" => 2 }, client.stats.dig("calls", "validate", "statuses").select { |_, count| count > 0 })
    assert_equal 1, client.stats.dig("decisions", "allowed").values.sum
  end

  def test_an_outage_is_no_decision
    authority.outage(503)
    assert_equal false, client.validate(DEVICE)
    error = assert_raises(MachineID::UnavailableError) { client.validate!(DEVICE) }
    assert_equal ["MID_UNAVAILABLE", 503], [error.status, error.http_status]
    assert_kind_of MachineID::NoAnswerError, error
    authority.recover
    assert_equal true, client.validate(DEVICE)
  end

  def test_no_authority
    authority.stop
    assert_equal false, client.validate(DEVICE)
    assert_raises(MachineID::ConnectFailedError) { client.validate!(DEVICE) }
    assert_raises(MachineID::ConnectFailedError) { client.register(DEVICE) }
    assert_raises(MachineID::NoAnswerError) { client.guard(DEVICE) }
  end

  def test_an_authority_that_hangs
    authority.client(timeout_ms: 50) do |slow|
      authority.pause
      assert_equal false, slow.validate(DEVICE)
      assert_raises(MachineID::TimedOutError) { slow.validate!(DEVICE) }
    end
  end

  def test_a_wrong_key
    MachineID::Client.open("org_other", base_url: authority.url) do |other|
      assert_equal false, other.validate(DEVICE)
      assert_raises(MachineID::RefusedError) { other.validate!(DEVICE) }
    end
  end

  def test_every_status_has_its_error
    errors = MachineID.send(:const_get, :Errors)
    texts = MachineID.send(:const_get, :Texts)
    statuses = [0, 1, 100, 101, 102, 200, 201, 202, 203, 204, 205, 300, 400, 401, 402].to_h do |status|
      name = texts.status_name(status)
      error = errors.for(name, { "code" => "X", "message" => "y", "request_id" => "r" })
      assert_equal name, error.status
      assert_match(/X(: y)? \(request id r\)\z/, error.message)
      [name, error.class]
    end
    assert_equal 15, statuses.values.uniq.length
    unknown = errors.for(texts.status_name(299), {})
    assert_instance_of MachineID::NoAnswerError, unknown
    assert_includes unknown.message, "299"
  end

  def test_errors_survive_marshalling
    error = assert_raises(MachineID::DeniedError) { client.validate!("never") }
    again = Marshal.load(Marshal.dump(error))
    assert_equal [error.message, error.code, error.request_id], [again.message, again.code, again.request_id]
  end

  def test_versions
    assert_equal MachineID::VERSION, MachineID.build_info["version"]
    skip("this is no installed gem") unless Gem.loaded_specs["libmachineid"]
    assert_equal MachineID::VERSION, Gem.loaded_specs["libmachineid"].version.to_s
    assert_equal "inside", MachineID.build_info.dig("libcurl", "where")
  end
end
