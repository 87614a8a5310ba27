# machineid.cr - the client of the MachineID authority. Needs libmachineid and pkg-config.
#
#     MachineID::Client.from_env(timeout_ms: 2000) do |client|
#       client.register("agent-01")
#       work if client.allowed?("agent-01")
#     end
#
# `allowed?` and `validate` return true or false, and nothing else says whether the device may run: every object is true
# in a condition, so no object stands for a denial. `validate!` returns the decision when it is to allow, and raises
# `Error` otherwise.
#
# A call blocks its thread, with all its fibers, until there is an answer or timeout_ms has passed. With -Dpreview_mt
# the fibers of other threads go on: give such a program more CRYSTAL_WORKERS than it has calls at the same time. Any
# number of threads may share a client, and any of them may close it at any moment.
require "json"

@[Link("machineid", pkg_config: "machineid")]
lib LibMachineID
  type Client = Void*

  fun version = mid_version : UInt8*
  fun status_name = mid_status_name(status : Int32) : UInt8*
  fun client_new = mid_client_new(org_key : UInt8*, options : UInt8*, client : Client*, json : UInt8**) : Int32
  fun client_from_env = mid_client_from_env(options : UInt8*, client : Client*, json : UInt8**) : Int32
  fun client_cancel = mid_client_cancel(client : Client)
  fun client_free = mid_client_free(client : Client)
  fun register = mid_register(client : Client, device_id : UInt8*, json : UInt8**) : Int32
  fun validate = mid_validate(client : Client, device_id : UInt8*, allowed : LibC::Int*, json : UInt8**) : Int32
  fun list_devices = mid_list_devices(client : Client, json : UInt8**) : Int32
  fun revoke = mid_revoke(client : Client, device_id : UInt8*, json : UInt8**) : Int32
  fun unrevoke = mid_unrevoke(client : Client, device_id : UInt8*, json : UInt8**) : Int32
  fun restore = mid_restore(client : Client, device_id : UInt8*, json : UInt8**) : Int32
  fun remove = mid_remove(client : Client, device_id : UInt8*, json : UInt8**) : Int32
  fun usage = mid_usage(client : Client, json : UInt8**) : Int32
  fun free = mid_free(json : UInt8*)
end

module MachineID
  # The version of the loaded library.
  def self.version : String
    String.new(LibMachineID.version)
  end

  # The decision to allow, with the authority's reply.
  record Decision, status : String, reply : JSON::Any do
    def code : String?
      MachineID.code(reply)
    end

    def request_id : String?
      reply["request_id"]?.try(&.as_s?)
    end
  end

  # There is no reply, because the authority refused or gave no answer. `Client#validate!` also raises this for a
  # denial; the status is then MID_OK, because the authority decided.
  class Error < Exception
    getter status : String
    getter reply : JSON::Any

    def initialize(@status, @reply)
      why = status == "MID_OK" ? "not allowed: #{code}" : "#{status} #{code}: #{reply["message"]?}"
      super(request_id ? "#{why} (request id #{request_id})" : why)
    end

    def code : String?
      MachineID.code(reply)
    end

    def request_id : String?
      reply["request_id"]?.try(&.as_s?)
    end
  end

  # A connection to the authority on behalf of one organisation. machineid.h lists the options.
  class Client
    @handle = Pointer(Void).null.as(LibMachineID::Client)
    @calls = Atomic(Int32).new(0)
    @closed = Atomic(Int32).new(0)
    @to_free = Atomic(Int32).new(1)

    def initialize(org_key : String, **options)
      key, text = MachineID.text("org_key", org_key), MachineID.text("options", options.to_json)
      status = LibMachineID.client_new(key, text, out handle, out json)
      @handle = handle
      MachineID.checked(status, json)
    end

    protected def initialize(options : NamedTuple)
      status = LibMachineID.client_from_env(MachineID.text("options", options.to_json), out handle, out json)
      @handle = handle
      MachineID.checked(status, json)
    end

    # Takes the org key from the environment variable MACHINEID_ORG_KEY.
    def self.from_env(**options) : Client
      new(options)
    end

    def self.from_env(**options)
      client = new(options)
      begin
        yield client
      ensure
        client.close
      end
    end

    # Ends every call in progress and every later call on this client with MID_CANCELLED. Any thread may call this.
    def cancel : Nil
      use { |handle| LibMachineID.client_cancel(handle) }
    end

    # Ends every call, as `cancel` does, and frees the client when the last of them has returned. A call on a closed
    # client is MID_INVALID_ARGUMENT.
    def close : Nil
      cancel
      @closed.set(1)
      free_when_idle
    end

    def finalize
      close
    end

    # May this device run now? False if anything goes wrong.
    def allowed?(device_id : String) : Bool
      ask(device_id)[0]
    end

    # The same as `allowed?`.
    def validate(device_id : String) : Bool
      allowed?(device_id)
    end

    # Returns the decision when the device may run now. Otherwise raises `Error`, with the code and the request id for
    # your log.
    def validate!(device_id : String) : Decision
      allowed, status, reply = ask(device_id)
      raise Error.new(status, reply) unless allowed
      Decision.new(status, reply)
    end

    # These return the authority's reply, or raise `Error`.
    {% for operation in %w(register revoke unrevoke restore remove) %}
      def {{operation.id}}(device_id : String) : JSON::Any
        id = MachineID.text("device_id", device_id)
        use do |handle|
          status = LibMachineID.{{operation.id}}(handle, id, out json)
          MachineID.checked(status, json)
        end
      end
    {% end %}

    def list_devices : JSON::Any
      use do |handle|
        status = LibMachineID.list_devices(handle, out json)
        MachineID.checked(status, json)
      end
    end

    def usage : JSON::Any
      use do |handle|
        status = LibMachineID.usage(handle, out json)
        MachineID.checked(status, json)
      end
    end

    private def ask(device_id : String) : {Bool, String, JSON::Any}
      id = MachineID.text("device_id", device_id)
      use do |handle|
        status = LibMachineID.validate(handle, id, out allowed, out json)
        {allowed == 1, MachineID.name_of(status), MachineID.take(json)}
      end
    end

    # Yields the handle. Nothing frees it before the block ends: `close` does not, and the collector does not, because
    # this object is used after the block.
    private def use
      @calls.add(1)
      begin
        yield(@closed.get == 0 ? @handle : Pointer(Void).null.as(LibMachineID::Client))
      ensure
        @calls.sub(1)
        free_when_idle
      end
    end

    private def free_when_idle : Nil
      return if @closed.get == 0 || @calls.get != 0
      LibMachineID.client_free(@handle) if @to_free.swap(0) == 1
    end
  end

  # :nodoc: A NUL would cut the text short, and invalid UTF-8 might become another text, so that the call would concern
  # another device.
  def self.text(name : String, value : String) : String
    return value if value.valid_encoding? && !value.includes?('\0')
    raise ArgumentError.new("#{name} must be a string of UTF-8 without NUL")
  end

  # :nodoc:
  def self.name_of(status : Int32) : String
    String.new(LibMachineID.status_name(status))
  end

  # :nodoc: An API error from the authority has "error" where a decision has "code".
  def self.code(reply : JSON::Any) : String?
    (reply["code"]? || reply["error"]?).try(&.as_s?)
  end

  # :nodoc: Parses and frees a text from a json parameter. The answer is the library's flag and not this text, so a
  # reply that Crystal cannot parse, such as one with an integer of more than 64 bits, becomes an empty one.
  def self.take(json : UInt8*) : JSON::Any
    json.null? ? JSON::Any.new({} of String => JSON::Any) : JSON.parse(String.new(json))
  rescue JSON::ParseException
    JSON::Any.new({} of String => JSON::Any)
  ensure
    LibMachineID.free(json)
  end

  # :nodoc:
  def self.checked(status : Int32, json : UInt8*) : JSON::Any
    reply = take(json)
    raise Error.new(name_of(status), reply) unless status == 0
    reply
  end
end
