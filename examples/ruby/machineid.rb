# frozen_string_literal: true

# machineid.rb - the client of the MachineID authority, through Fiddle. Needs libmachineid; Ruby 3.0 or newer.
#
#     MachineID::Client.from_env(timeout_ms: 2000) do |client|
#       client.register("agent-01")
#       work if client.allowed?("agent-01")
#     end
#
# allowed? returns true or false, and nothing else says whether the device may run: every object is true in a condition,
# so no object stands for a denial. validate! returns the decision when it is to allow, and raises Error otherwise.
#
# A call blocks its thread until there is an answer or timeout_ms has passed. Other Ruby threads go on meanwhile, but
# neither Timeout nor Ctrl-C ends the call early: only timeout_ms does, or cancel from another thread. Any number of
# threads may share a client, and a child of fork, such as a Puma worker, may continue to use it. Any thread may close
# it at any moment.

require "fiddle"
require "json"

module MachineID
  # The functions of machineid.h. Fiddle releases the interpreter's lock around each call. A text that the caller frees
  # is a VOIDP.
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

    # Yields a place for a `json` parameter. Returns the block's result and the parsed text, and frees the text. The
    # answer is the library's flag and not this text, so a reply that JSON cannot parse becomes an empty one.
    def self.reply
      Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE) do |place|
        place[0, Fiddle::SIZEOF_VOIDP] = [0].pack("J")
        status = yield place
        return status, parse(place.ptr)
      ensure
        mid_free(place.ptr)
      end
    end

    def self.parse(json)
      json.null? ? {} : JSON.parse(json.to_s.force_encoding(Encoding::UTF_8))
    rescue JSON::ParserError
      {}
    end
  end

  # The version of the loaded library.
  def self.version = C.mid_version.to_s

  # There is no reply, because the authority refused or gave no answer. validate! also raises this for a denial; the
  # status is then "MID_OK", because the authority decided.
  class Error < StandardError
    attr_reader :status, :code, :request_id, :reply

    def initialize(status, reply)
      @status = status # such as "MID_REFUSED"
      @code = reply["code"] || reply["error"]
      @request_id = reply["request_id"]
      @reply = reply
      why = status == "MID_OK" ? "not allowed: #{@code}" : "#{status} #{@code}: #{reply["message"]}"
      super(@request_id ? "#{why} (request id #{@request_id})" : why)
    end
  end

  # The decision to allow, with the authority's reply.
  Decision = Struct.new(:status, :code, :request_id, :reply, keyword_init: true)

  # A connection to the authority on behalf of one organisation. Make one and keep it. machineid.h lists the options.
  class Client
    # Makes a client with this org key. With a block, yields the client and closes it at the end.
    def self.open(org_key, **options, &block) = used(new(org_key, **options), &block)

    # The same with the org key in the environment variable MACHINEID_ORG_KEY.
    def self.from_env(**options, &block) = used(new(FROM_ENV, **options), &block)

    def self.used(client)
      return client unless block_given?

      begin
        yield client
      ensure
        client.close
      end
    end
    private_class_method :used

    # Stands for a key that is given by the environment. A nil does not: ENV["MY_KEY"] is nil where it is not set, and
    # must not lead to another key.
    FROM_ENV = Object.new.freeze
    private_constant :FROM_ENV

    def initialize(org_key, **options)
      options = text("options", JSON.generate(options))
      org_key = text("org_key", org_key) unless org_key.equal?(FROM_ENV)
      place = Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
      checked do |json|
        if org_key.equal?(FROM_ENV)
          C.mid_client_from_env(options, place, json)
        else
          C.mid_client_new(org_key, options, place, json)
        end
      end
      @handle = place.ptr
      @handle.free = C::LIBRARY["mid_client_free"] # The collector frees it at the latest.
      @to_free = [@handle]
      @calls = {}.compare_by_identity
      @closed = false
    end

    # Ends every call, as cancel does, and frees the client when the last of them has returned. A call on a closed
    # client is MID_INVALID_ARGUMENT.
    def close
      cancel
      @closed = true
      free_when_idle
    end

    # Ends every call in progress and every later call on this client with MID_CANCELLED. Any thread may call this.
    def cancel = use { |handle| C.mid_client_cancel(handle) }

    # May this device run now? False if anything goes wrong. A block is run when the device is allowed.
    def allowed?(device_id)
      allowed, = ask(device_id)
      yield if allowed && block_given?
      allowed
    end
    alias validate allowed?

    # Returns the decision when the device may run now. Otherwise raises Error, with the code and the request id for
    # your log.
    def validate!(device_id)
      allowed, status, reply = ask(device_id)
      raise Error.new(status, reply) unless allowed

      Decision.new(status: status, code: reply["code"], request_id: reply["request_id"], reply: reply).freeze
    end

    # These return the authority's reply, or raise Error.
    %i[register revoke unrevoke restore remove].each do |name|
      define_method(name) do |device_id|
        use { |handle| checked { |json| C.public_send(:"mid_#{name}", handle, text("device_id", device_id), json) } }
      end
    end

    def list_devices = use { |handle| checked { |json| C.mid_list_devices(handle, json) } }

    def usage = use { |handle| checked { |json| C.mid_usage(handle, json) } }

    private

    def ask(device_id)
      flag = Fiddle::Pointer.malloc(Fiddle::SIZEOF_INT, Fiddle::RUBY_FREE)
      flag[0, Fiddle::SIZEOF_INT] = [0].pack("i")
      status, reply = use do |handle|
        C.reply { |json| C.mid_validate(handle, text("device_id", device_id), flag, json) }
      end
      [flag[0, Fiddle::SIZEOF_INT].unpack1("i") == 1, C.mid_status_name(status).to_s, reply]
    end

    # Yields the handle, which close does not free before the block ends. Each access to @calls and @to_free is atomic
    # under the interpreter's lock; a Mutex could not be used in a trap handler.
    def use
      call = Object.new
      @calls[call] = true
      yield(@closed ? nil : @handle)
    ensure
      @calls.delete(call)
      free_when_idle
    end

    def free_when_idle
      @to_free.pop&.call_free if @closed && @calls.empty?
    end

    def checked(&call)
      status, reply = C.reply(&call)
      raise Error.new(C.mid_status_name(status).to_s, reply) unless status.zero?

      reply
    end

    # A NUL would cut the text short, and text that is not Unicode might become another text, so that the call would
    # concern another device.
    def text(name, value)
      raise TypeError, "#{name} must be a String, not #{value.class}" unless value.is_a?(String)

      utf8 = value.encode(Encoding::UTF_8)
      return utf8 if utf8.valid_encoding? && !utf8.include?("\0")

      raise ArgumentError, "#{name} must be Unicode text without NUL"
    rescue EncodingError
      raise ArgumentError, "#{name} must be Unicode text without NUL"
    end
  end
end
