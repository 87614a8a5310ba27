# frozen_string_literal: true

require_relative "helper"
require "pathname"
require "pp"
require "tempfile"

# What cannot be given to a client, and where the org key is not.
class TestArguments < AuthorityTest
  SECRET = "org_marker"

  # Closes a client at the last moment before the library is called.
  class Closing < String
    attr_accessor :client

    def encode(*)
      client.close
      super
    end
  end

  def calls
    names = %i[validate allowed? validate! register revoke unrevoke restore remove guard]
    names.to_h { |name| [name, ->(device_id) { client.public_send(name, device_id) }] }
  end

  def test_what_is_no_text
    [nil, 7, :agent, ["agent"]].each do |device_id|
      calls.each_value do |call|
        error = assert_raises(TypeError) { call.(device_id) }
        assert_match(/\Adevice_id must be a String, not (nil|a Integer|a Symbol|a Array)\z/, error.message)
      end
      error = assert_raises(TypeError) { client.partition([DEVICE, device_id]) }
      assert_includes error.message, "device_ids[1] must be a String, not "
    end
    [nil, DEVICE, 7].each do |device_ids|
      error = assert_raises(TypeError) { client.validate_many(device_ids) }
      assert_includes error.message, "device_ids must be an Array of Strings, not "
    end
  end

  def test_texts_that_would_be_another_device
    ["agent\0x", "agent\xED\xA0\x80", "agent\xFF", "agent\xFF".b].each do |device_id|
      calls.each_value do |call|
        error = assert_raises(ArgumentError) { call.(device_id) }
        assert_equal "device_id must be a String of Unicode text without NUL", error.message
      end
    end
  end

  def test_texts_of_other_encodings
    client.register("wörker")
    assert_equal true, client.validate("wörker".encode(Encoding::ISO_8859_1))
    assert_equal true, client.validate("wörker".encode(Encoding::UTF_16LE))
  end

  def test_options
    { timeout: 1, timeout_ms: 0, proxy: "x:" }.each do |name, value|
      error = assert_raises(MachineID::InvalidOptionsError) { authority.client(name => value) }
      assert_kind_of ArgumentError, error
      assert_includes error.message, name.to_s
    end
    [true, 1.5, :x, ["x"], Float::NAN].each do |value|
      error = assert_raises(TypeError) { authority.client(timeout_ms: value) }
      assert_includes error.message, "timeout_ms must be a String or an Integer, not "
    end
    assert_raises(ArgumentError) { authority.client(ca_file: "/\xFF") }
    assert_raises(MachineID::InvalidOptionsError) { client.guard(DEVICE, interval_ms: 1) }
    authority.client(ca_file: Pathname("/etc/hostname"), timeout_ms: nil).close
  end

  def test_from_env
    ask = -> { MachineID::Client.from_env { |own| own.validate(DEVICE) } }
    with_environment(authority.environment) { assert_equal true, ask.() }
    with_environment("MACHINEID_ORG_KEY" => nil) do
      error = assert_raises(MachineID::NoOrgKeyError, &ask)
      assert_includes error.message, "MACHINEID_ORG_KEY"
    end
    with_environment("OTHER_KEY" => authority.org_key, "MACHINEID_BASE_URL" => authority.url) do
      assert_equal true, (MachineID::Client.from_env(env_var: "OTHER_KEY") { |own| own.validate(DEVICE) })
      assert_raises(TypeError) { MachineID::Client.new(nil) }
    end
  end

  def test_the_key_in_a_file
    Tempfile.create("key") do |file|
      file.write("#{authority.org_key}\n")
      file.close
      variables = { "MACHINEID_ORG_KEY" => nil, "MACHINEID_ORG_KEY_FILE" => file.path }
      with_environment(variables.merge("MACHINEID_BASE_URL" => authority.url)) do
        assert_equal true, (MachineID::Client.from_env { |own| own.validate(DEVICE) })
        File.chmod(0o666, file.path)
        error = assert_raises(MachineID::NoOrgKeyError) { MachineID::Client.from_env }
        refute_includes error.message, authority.org_key
      end
    end
  end

  def test_the_key_is_in_no_text
    client = MachineID::Client.new(SECRET)
    texts = [client.inspect, client.to_s, PP.pp(client, +"")]
    texts += client.instance_variables.map { |name| client.instance_variable_get(name).inspect }
    ["#{SECRET}\0", "#{SECRET}\xED\xA0\x80", "#{SECRET}\n\x7f", SECRET.to_sym, [SECRET]].each do |key|
      error = assert_raises(TypeError, ArgumentError) { MachineID::Client.new(key) }
      texts << error.full_message(highlight: false).lines.first << error.inspect << error.cause.inspect
    end
    assert_empty(texts.select { |text| text.include?("marker") })
  end

  def test_a_block_is_never_ignored
    error = assert_raises(ArgumentError) { MachineID::Client.new("org_x") { flunk } }
    assert_includes error.message, "Client.open does"
  end

  def test_a_closed_client
    client.close
    client.close
    client.cancel
    assert_predicate client, :closed?
    all = calls.merge(many: ->(id) { client.partition([id]) }, list: ->(_) { client.list_devices },
                      usage: ->(_) { client.usage }, stats: ->(_) { client.stats })
    all.each_value do |call|
      error = assert_raises(ArgumentError) { call.(DEVICE) }
      assert_instance_of MachineID::InvalidArgumentError, error
      assert_includes error.message, "the client is closed; make a new one"
    end
    assert_equal "#<MachineID::Client closed>", client.inspect
  end

  def test_a_client_that_is_closed_at_the_last_moment
    id = Closing.new(DEVICE)
    id.client = client
    assert_raises(MachineID::InvalidArgumentError) { client.validate(id) }
  end

  def test_neither_clients_nor_guards_are_copied
    guard = client.guard(DEVICE)
    [client, guard].each do |original|
      [-> { original.dup }, -> { original.clone }, -> { Marshal.dump(original) }].each do |copy|
        assert_raises(TypeError, &copy)
      end
    end
  ensure
    guard&.stop
  end

  def test_a_decision_does_not_depend_on_what_ruby_can_read
    texts = MachineID.send(:const_get, :Texts)
    assert_equal true, texts.parsed(%({"allowed":true,"n":#{"9" * 5000}}))["allowed"]
    assert_nil texts.parsed("[" * 200)
    assert_equal({}, texts.reply_of(texts.parsed(%({"allowed":true,"n":"\xFF"))))
  end
end
