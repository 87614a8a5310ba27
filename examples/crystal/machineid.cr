# machineid.cr - the client of the MachineID authority. Needs libmachineid and pkg-config.
#
#     MachineID::Client.from_env(timeout_ms: 2000) do |client|
#       client.register("agent-01")
#       work if client.validate("agent-01").allowed?
#     end
#
# A call blocks its thread, with all its fibers, until there is an answer or timeout_ms has passed. With -Dpreview_mt
# the fibers of other threads go on: give such a program more CRYSTAL_WORKERS than it has calls at a time. Any number
# of threads may share a client.
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

  # The outcome of `Client#validate`. Gate on `allowed?` and nothing else; with any status but MID_OK the authority
  # decided nothing, and nothing is allowed.
  record Decision, allowed : Bool, status : String, reply : JSON::Any do
    def allowed? : Bool
      allowed
    end

    def code : String?
      MachineID.code(reply)
    end

    def request_id : String?
      reply["request_id"]?.try(&.as_s?)
    end
  end

  # There is no reply: the authority refused, or it could not be asked.
  class Error < Exception
    getter status : String
    getter reply : JSON::Any

    def initialize(@status, @reply)
      super("#{status} #{code}: #{reply["message"]?}")
    end

    def code : String?
      MachineID.code(reply)
    end
  end

  # A connection to the authority on behalf of one organisation. machineid.h lists the options.
  class Client
    @handle : LibMachineID::Client

    def initialize(org_key : String, **options)
      status = LibMachineID.client_new(org_key.check_no_null_byte, options.to_json, out @handle, out json)
      MachineID.checked(status, json)
    end

    protected def initialize(options : NamedTuple)
      status = LibMachineID.client_from_env(options.to_json, out @handle, out json)
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

    # Ends every call on this client, now and to come, with MID_CANCELLED. Any thread may do so.
    def cancel : Nil
      LibMachineID.client_cancel(@handle)
    end

    # Cancels what is under way, and frees the client. No call may begin afterwards.
    def close : Nil
      handle, @handle = @handle, Pointer(Void).null.as(LibMachineID::Client)
      LibMachineID.client_free(handle)
    end

    def finalize
      close
    end

    # May this device run now? Whatever goes wrong on the way, the decision says so.
    def validate(device_id : String) : Decision
      status = LibMachineID.validate(@handle, device_id.check_no_null_byte, out allowed, out json)
      Decision.new(allowed == 1, MachineID.name_of(status), MachineID.take(json))
    end

    # These give the authority's reply, or raise. (A NUL would cut the id short, and the call be about another device.)
    {% for operation in %w(register revoke unrevoke restore remove) %}
      def {{operation.id}}(device_id : String) : JSON::Any
        status = LibMachineID.{{operation.id}}(@handle, device_id.check_no_null_byte, out json)
        MachineID.checked(status, json)
      end
    {% end %}

    def list_devices : JSON::Any
      status = LibMachineID.list_devices(@handle, out json)
      MachineID.checked(status, json)
    end

    def usage : JSON::Any
      status = LibMachineID.usage(@handle, out json)
      MachineID.checked(status, json)
    end
  end

  # :nodoc:
  def self.name_of(status : Int32) : String
    String.new(LibMachineID.status_name(status))
  end

  # :nodoc: An API error of the authority's has "error" where a decision has "code".
  def self.code(reply : JSON::Any) : String?
    (reply["code"]? || reply["error"]?).try(&.as_s?)
  end

  # :nodoc: Parses what came out through a json parameter, and frees it.
  def self.take(json : UInt8*) : JSON::Any
    json.null? ? JSON::Any.new({} of String => JSON::Any) : JSON.parse(String.new(json))
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
