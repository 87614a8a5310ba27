# frozen_string_literal: true

# machineid.rb - the client of the MachineID authority, through Fiddle. Needs libmachineid; Ruby 3.0 or newer.
#
#     MachineID::Client.open(timeout_ms: 2000) do |client|
#       client.register("agent-01")
#       client.validate("agent-01") { work }
#     end
#
# A call blocks its thread until there is an answer or timeout_ms has passed. Other Ruby threads go on meanwhile, but
# neither Timeout nor Ctrl-C ends it early: timeout_ms does, or cancel from another thread. Any number of threads may share
# a client, and a child of fork, such as one of Puma's workers, may go on with it.

require "fiddle"
require "json"

module MachineID
  # The functions of machineid.h. Fiddle releases the lock of the interpreter around each call, and refuses a NUL inside a
  # CONST_STRING, which would cut a device id short. A text that is ours to free is a VOIDP.
  module C
    LIBRARY = Fiddle.dlopen("libmachineid.so.0")

    def self.function(name, *arguments, returns: Fiddle::TYPE_INT)
      define_singleton_method(name, &Fiddle::Function.new(LIBRARY[name.to_s], arguments, returns))
    end

    text = Fiddle::TYPE_CONST_STRING
    pointer = Fiddle::TYPE_VOIDP

    function :mid_version, returns: text
    function :mid_status_name, Fiddle::TYPE_INT, returns: text
    function :mid_client_new, text, text, pointer, pointer
    function :mid_client_from_env, text, pointer, pointer
    function :mid_client_cancel, pointer, returns: Fiddle::TYPE_VOID
    function :mid_validate, pointer, text, pointer, pointer
    %i[register revoke unrevoke restore remove].each { |name| function :"mid_#{name}", pointer, text, pointer }
    %i[list_devices usage].each { |name| function :"mid_#{name}", pointer, pointer }
    function :mid_free, pointer, returns: Fiddle::TYPE_VOID

    # Yields a place for a `json` parameter. Gives what the block gives and the text parsed, and frees the text.
    def self.reply
      Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE) do |place|
        place[0, Fiddle::SIZEOF_VOIDP] = [0].pack("J")
        status = yield place
        json = place.ptr
        return status, json.null? ? {} : JSON.parse(json.to_s.force_encoding(Encoding::UTF_8))
      ensure
        mid_free(place.ptr)
      end
    end
  end

  # The version of the loaded library.
  def self.version = C.mid_version.to_s

  # There is no reply: the authority refused, or it could not be asked.
  class Error < StandardError
    attr_reader :status, :code, :request_id

    def initialize(status, reply)
      @status = status # such as "MID_REFUSED"
      @code = reply["code"] || reply["error"]
      @request_id = reply["request_id"]
      super("#{status} #{@code}: #{reply["message"]}")
    end
  end

  # The outcome of validate. Gate on allowed? and nothing else; a decision itself is an object, and so always true.
  # The status is "MID_OK" when the authority decided. With any other it did not, and nothing is allowed.
  Decision = Struct.new(:allowed, :status, :code, :request_id, :reply, keyword_init: true) do
    alias_method :allowed?, :allowed
  end

  # A connection to the authority on behalf of one organisation. Make one, and keep it. machineid.h lists the options.
  class Client
    # Takes the org key from the environment variable MACHINEID_ORG_KEY, unless one is given. With a block, gives the
    # client to it and closes it at the end.
    def self.open(org_key = nil, **options)
      client = new(org_key, **options)
      return client unless block_given?

      begin
        yield client
      ensure
        client.close
      end
    end

    def initialize(org_key = nil, **options)
      options = JSON.generate(options)
      place = Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
      checked do |json|
        org_key ? C.mid_client_new(utf8(org_key), options, place, json) : C.mid_client_from_env(options, place, json)
      end
      @handle = place.ptr
      @handle.free = C::LIBRARY["mid_client_free"] # when it is collected, at the latest
    end

    # Frees the client, once no other thread is about to call. A call on a closed one is MID_INVALID_ARGUMENT.
    def close
      handle, @handle = @handle, nil
      handle&.call_free
    end

    # Ends every call on this client, now and to come, with MID_CANCELLED. Any thread may do so.
    def cancel = C.mid_client_cancel(@handle)

    # May this device run now? Whatever goes wrong between here and the authority, the decision says so. A block is run
    # when the device is allowed.
    def validate(device_id)
      flag = Fiddle::Pointer.malloc(Fiddle::SIZEOF_INT, Fiddle::RUBY_FREE)
      status, reply = C.reply { |json| C.mid_validate(@handle, utf8(device_id), flag, json) }
      allowed = flag[0, Fiddle::SIZEOF_INT].unpack1("i") == 1
      yield if allowed && block_given?
      Decision.new(allowed: allowed, status: C.mid_status_name(status).to_s, code: reply["code"] || reply["error"],
                   request_id: reply["request_id"], reply: reply).freeze
    end

    # These give the authority's reply, or raise Error.
    %i[register revoke unrevoke restore remove].each do |name|
      define_method(name) { |device_id| checked { |json| C.public_send(:"mid_#{name}", @handle, utf8(device_id), json) } }
    end

    def list_devices = checked { |json| C.mid_list_devices(@handle, json) }

    def usage = checked { |json| C.mid_usage(@handle, json) }

    private

    def checked(&call)
      status, reply = C.reply(&call)
      raise Error.new(C.mid_status_name(status).to_s, reply) unless status.zero?

      reply
    end

    def utf8(text) = text.encode(Encoding::UTF_8)
  end
end
