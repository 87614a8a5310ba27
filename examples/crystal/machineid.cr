# machineid.cr - the client of the MachineID authority. Needs libmachineid and pkg-config.
#
#     MachineID::Client.from_env(timeout_ms: 2000) do |client|
#       client.register("agent-01")
#       work if client.allowed?("agent-01")
#       client.guard("agent-01", interval_ms: 1000) do |guard|
#         while guard.allowed?
#           step
#         end
#       end
#     end
#
# `allowed?`, `validate` and `validate_many` return true or false, and nothing else says whether the device may run:
# every object is true in a condition, so no object stands for a denial. `validate!` returns the decision when it is to
# allow, and raises `Error` otherwise, as `guard` does. A guard that is denied later is still an object, so call its
# `allowed?`.
#
# A call blocks its thread, with all its fibers, until there is an answer or timeout_ms has passed. With -Dpreview_mt
# the fibers of other threads go on: give such a program more CRYSTAL_WORKERS than it has calls at the same time. Any
# number of threads may share a client, and any of them may close it at any moment.
require "json"

@[Link("machineid", pkg_config: "machineid")]
lib LibMachineID
  type Client = Void*
  type Guard = Void*

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
  fun validate_many = mid_validate_many(client : Client, device_ids : UInt8**, count : LibC::SizeT,
                                        allowed : LibC::Int*, json : UInt8**) : Int32
  fun guard_start = mid_guard_start(client : Client, device_id : UInt8*, options : UInt8*, guard : Guard*,
                                    json : UInt8**) : Int32
  fun guard_allowed = mid_guard_allowed(guard : Guard) : LibC::Int
  fun guard_fd = mid_guard_fd(guard : Guard) : LibC::Int
  fun guard_wait = mid_guard_wait(guard : Guard, timeout_ms : Int32) : Int32
  fun guard_decision = mid_guard_decision(guard : Guard, allowed : LibC::Int*, json : UInt8**) : Int32
  fun guard_stop = mid_guard_stop(guard : Guard)
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

  # :nodoc: Counts the calls on a handle, so that it is freed by the last of them once it is closed, whichever thread
  # closes it.
  module Counted(T)
    @handle = Pointer(Void).null.as(T)
    @calls = Atomic(Int32).new(0)
    @closed = Atomic(Int32).new(0)
    @to_free = Atomic(Int32).new(1)

    # Yields the handle. Nothing frees it before the block ends: closing does not, and the collector does not, because
    # this object is used after the block.
    private def use
      @calls.add(1)
      begin
        yield(@closed.get == 0 ? @handle : Pointer(Void).null.as(T))
      ensure
        @calls.sub(1)
        free_when_idle
      end
    end

    private def free_when_idle : Nil
      return if @closed.get == 0 || @calls.get != 0
      free(@handle) if @to_free.swap(0) == 1
    end
  end

  # A connection to the authority on behalf of one organisation. machineid.h lists the options.
  class Client
    include Counted(LibMachineID::Client)

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

    # May all of these devices run now? True when there are some and all are allowed. They are asked about together,
    # within one timeout_ms for all.
    def validate_many(device_ids : Enumerable(String)) : Bool
      validate_many(device_ids) { }
    end

    # The same; yields each device, in order, with its `Decision`, or the `Error` that `validate!` would have raised.
    def validate_many(device_ids : Enumerable(String), &) : Bool
      ids = device_ids.map { |id| MachineID.text("device_ids", id) }.to_a
      flags = Slice(LibC::Int).new(ids.size + 1)
      told = use do |handle|
        # There is room for one more, because there is no empty array in C.
        texts = ids.map(&.to_unsafe) << Pointer(UInt8).null
        LibMachineID.validate_many(handle, texts, ids.size, flags, out json)
        MachineID.take(json)
      end
      ids.each_with_index do |id, n|
        yield id, MachineID.one_of_many(flags[n] == 1, told.as_a?.try(&.[n]?) || told)
      end
      !ids.empty? && ids.each_index.all? { |n| flags[n] == 1 }
    end

    # Starts a guard: it validates once, in this call, and then every interval_ms. Raises `Error` when the device is
    # denied, or nobody answered.
    def guard(device_id : String, **options) : Guard
      id, text = MachineID.text("device_id", device_id), MachineID.text("options", options.to_json)
      use do |handle|
        status = LibMachineID.guard_start(handle, id, text, out started, out json)
        reply = MachineID.checked(status, json)
        guard = Guard.new(started)
        next guard if guard.allowed?
        guard.stop
        raise Error.new("MID_OK", reply)
      end
    end

    # The same; yields the guard, and stops it at the end of the block.
    def guard(device_id : String, **options, &)
      guard = guard(device_id, **options)
      begin
        yield guard
      ensure
        guard.stop
      end
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

    private def free(handle) : Nil
      LibMachineID.client_free(handle)
    end
  end

  # A device's permission, kept fresh in the background. Every object is true in a condition, so write `allowed?`. Any
  # number of threads may share it, and any of them may stop it at any moment.
  class Guard
    include Counted(LibMachineID::Guard)

    # The longest wait in the library, so that none keeps the guard from being stopped.
    private LONGEST_MS = 200

    # :nodoc:
    def initialize(@handle : LibMachineID::Guard)
    end

    # May the device run now? Look before each step: it takes some nanoseconds in the library, and asks nobody.
    def allowed? : Bool
      use { |handle| LibMachineID.guard_allowed(handle) == 1 }
    end

    # A descriptor for an event loop, which becomes readable once the guard is denied or ended. Do not read or close it.
    def fd : Int32
      use { |handle| LibMachineID.guard_fd(handle) }
    end

    # Waits until the guard is off, so long at most, and returns whether it is. A lapse may pass; a denial stays. Like a
    # call, it blocks its thread.
    def wait_until_off(span : Time::Span) : Bool
      left = span.total_milliseconds.to_i64
      loop do
        wait = left.clamp(0, LONGEST_MS).to_i
        is_on = use { |handle| allowed? && LibMachineID.guard_wait(handle, wait) != 0 }
        left -= wait
        return true unless is_on
        return false if left <= 0
      end
    end

    # What the guard knows, as machineid.h describes it for mid_guard_decision(): "state", "decision" and so on.
    def decision : JSON::Any
      use do |handle|
        status = LibMachineID.guard_decision(handle, out _, out json)
        MachineID.checked(status, json)
      end
    end

    # Stops the guard, in 250 ms at most; otherwise the collector does so sooner or later. It is off then.
    def stop : Nil
      @closed.set(1)
      free_when_idle
    end

    def finalize
      stop
    end

    private def free(handle) : Nil
      LibMachineID.guard_stop(handle)
    end
  end

  # :nodoc: The library returns one status for all devices, so that of each comes from its reply.
  def self.one_of_many(allowed : Bool, reply : JSON::Any) : Decision | Error
    return Decision.new("MID_OK", reply) if allowed
    code = code(reply) || ""
    return Error.new(code.sub("CLIENT_", "MID_"), reply) if code.starts_with?("CLIENT_")
    Error.new(reply["allowed"]? ? "MID_OK" : "MID_REFUSED", reply)
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
