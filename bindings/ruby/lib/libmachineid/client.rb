# frozen_string_literal: true

module MachineID
  # A connection to the authority for one organisation.
  #
  #     MachineID::Client.from_env do |client|
  #       client.register("agent-01")
  #       work if client.validate("agent-01")
  #     end
  #
  # Make one for the whole process. Any number of threads may use it at once, and children of fork, such as the workers
  # of Puma and Unicorn, may go on with it. A call blocks its thread until it has an answer or timeout_ms has passed;
  # other threads go on meanwhile. Ctrl-C, Timeout and Thread#kill take effect after it.
  #
  # Options that are not given have the library's defaults, which machineid.h lists:
  #
  # base_url::              the authority; https, or http to loopback (https://machineid.io)
  # timeout_ms::            for one call, everything included (10000)
  # connect_timeout_ms::    for name, TCP, proxy and TLS of one attempt (3000)
  # max_retries::           further attempts after a transport failure or an outage (2)
  # ca_file, ca_path::      the only certificate authorities to trust
  # pinned_public_key::     the only server keys to accept, sha256//BASE64, joined by ";"
  # proxy, no_proxy::       a proxy's URL, and the hosts that are reached without it
  # user_agent::            libmachineid/VERSION
  # max_connections::       more calls at once wait their turn (64)
  # max_connection_age_ms:: an older connection takes no further request (300000)
  class Client
    # Makes a client with this org key, yields it, closes it at the end of the block, and returns what the block
    # returned. Without a block it is the same as new.
    def self.open(org_key, **options, &block) = used(new(org_key, **options), &block)

    # The same with the org key in the environment variable MACHINEID_ORG_KEY, in the file that MACHINEID_ORG_KEY_FILE
    # names, or in another variable that the option env_var names. MACHINEID_BASE_URL stands in for the option base_url.
    def self.from_env(**options, &block)
      client = allocate
      client.send(:make, options) { |text, place, json| Native.mid_client_from_env(text, place, json) }
      used(client, &block)
    end

    def self.used(client)
      return client unless block_given?

      begin
        yield client
      ensure
        client.close
      end
    end
    private_class_method :used

    # Makes a client with this org key, org_... Nothing is sent before its first call.
    def initialize(org_key, **options)
      raise ArgumentError, "Client.new takes no block: Client.open does, and closes the client" if block_given?

      key = Texts.given("org_key", org_key)
      make(options) { |text, place, json| Native.mid_client_new(key, text, place, json) }
    end

    # Ends the client's guards and its calls in flight, as cancel does, and frees it when the last of them has returned.
    # Any thread may call it, any number of times. A call on a closed client raises InvalidArgumentError.
    def close
      cancel
      @handle.close
      nil
    end

    # Whether the client is closed.
    def closed? = @handle.closed?

    # Ends the client's guards and, with MID_CANCELLED, its calls in flight and to come. It returns at once. Any thread
    # may call it, and a trap handler; on a closed client it does nothing.
    def cancel
      @handle.use { |handle| Native.mid_client_cancel(handle) } unless closed?
      nil
    rescue InvalidArgumentError # Another thread has just closed it.
      nil
    end

    # May this device run now? True when it may; false when it may not and also when there is no answer. A block is
    # called when the device is allowed.
    #
    #     work if client.validate("agent-01")
    #     client.validate("agent-01") { work }
    def validate(device_id)
      id = Texts.given("device_id", device_id)
      flag = Native.memory(Fiddle::SIZEOF_INT)
      @handle.use { |handle| Native.waiting { Native.mid_validate(handle, id, flag, nil) } }
      allowed = flags(flag, 1).first
      yield if allowed && block_given?
      allowed
    end
    alias allowed? validate

    # Returns the Decision when the device may run now, and calls a block with it. Otherwise raises DeniedError, or the
    # Error that says why there is no decision.
    def validate!(device_id)
      id = Texts.given("device_id", device_id)
      flag = Native.memory(Fiddle::SIZEOF_INT)
      status, told = Texts.reply do |json|
        @handle.use { |handle| Native.waiting { Native.mid_validate(handle, id, flag, json) } }
      end
      reply = Texts.reply_of(told)
      raise Errors.for(Texts.status_name(status), reply) unless flags(flag, 1).first

      decision = Decision.new(device_id, true, reply)
      yield decision if block_given?
      decision
    end

    # May all of these devices run now? True when there are some and all are allowed. A block is called then. They are
    # asked about together, within one timeout_ms for all. Client#partition tells which of them may run.
    def validate_many(device_ids)
      allowed, errors = partition(device_ids)
      all = errors.empty? && allowed.any?
      yield if all && block_given?
      all
    end

    # Which of these devices may run now? Returns the ids that may, in order, and a Hash of all others, from the id to
    # the Error that says why: DeniedError after a denial, others where there is no decision about that device.
    #
    #     allowed, errors = client.partition(ids)
    #     allowed.each { |id| work(id) }
    #     errors.each { |id, error| logger.warn("#{id}: #{error.message}") }
    def partition(device_ids)
      ids = Texts.all_given(device_ids)
      places = Native.memory([ids.length * Fiddle::SIZEOF_INT, 1].max)
      status, told = many(ids, places)
      decided = flags(places, ids.length)
      replies = told.is_a?(Array) && told.length == ids.length ? told : Array.new(ids.length, told)
      whole = Texts.status_name(status)
      errors = ids.zip(decided, replies).reject { |_, allowed, _| allowed }.to_h do |id, _, reply|
        [id, Errors.for_reply(reply, whole)]
      end
      [ids.reject { |id| errors.key?(id) }, errors]
    end

    # Starts a Guard, which keeps the device's permission fresh in the background: validates once, in this call, and
    # then every interval_ms (5000). No allow counts that is older than max_age_ms (three intervals). Raises DeniedError
    # when the device is denied, and another Error where there is no answer.
    #
    #     client.guard("agent-01", interval_ms: 1000) do |guard|
    #       work while guard.allowed?
    #     end
    #
    # The guard is stopped at the end of the block, whose result is returned. Without a block the guard is returned.
    def guard(device_id, **options)
      guard = start(device_id, Texts.given("device_id", device_id), Texts.options(options))
      return guard unless block_given?

      begin
        yield guard
      ensure
        guard.stop
      end
    end

    # Registers a device with the organisation. Registering again changes nothing and restores no revoked device. Over
    # the plan's limit it raises RefusedError, with the code "device_limit_reached". Like the operations below, it
    # returns the authority's reply as a Hash, or raises an Error.
    def register(device_id) = operate(:mid_register, device_id)

    # Revokes a device: from now on it is denied.
    def revoke(device_id) = operate(:mid_revoke, device_id)

    # Takes a revocation back.
    def unrevoke(device_id) = operate(:mid_unrevoke, device_id)

    # The same as unrevoke, as the vendor's SDKs also call it.
    def restore(device_id) = operate(:mid_restore, device_id)

    # Removes a device for good.
    def remove(device_id) = operate(:mid_remove, device_id)

    # Lists the organisation's devices, active and revoked.
    def list_devices = told { |handle, json| Native.mid_list_devices(handle, json) }

    # Tells the organisation's plan: tier, state, limit, devices used.
    def usage = told { |handle, json| Native.mid_usage(handle, json) }

    # Tells what the client has done so far in this process: counters for a monitoring system. It asks nobody.
    def stats = told { |handle, json| Native.mid_client_stats(handle, json) }

    def inspect = "#<#{self.class} #{closed? ? "closed" : "open"}>"

    # A client is not copied: threads share one, and each process makes or inherits its own.
    def initialize_copy(_other) = raise(TypeError, "a Client cannot be copied: threads share one")

    # The same for Marshal.
    def marshal_dump = raise(TypeError, "a Client cannot be dumped: each process makes its own") # :nodoc:

    private

    def make(options)
      text = Texts.options(options)
      @handle = Handle.new("client", :mid_client_free)
      @handle.open { |place, json| yield text, place, json }
    end

    # Any value but 1 means no.
    def flags(places, count)
      places[0, count * Fiddle::SIZEOF_INT].unpack("i*").map { |flag| flag == 1 }
    end

    def told(&call) = Texts.reply_of(@handle.ask(&call))

    def operate(name, device_id)
      id = Texts.given("device_id", device_id)
      told { |handle, json| Native.public_send(name, handle, id, json) }
    end

    # Asks about many devices, whose ids lie one after another in memory that no collection moves.
    def many(ids, places)
      texts = ids.map { |id| "#{id}\0".b }
      joined = Native.memory([texts.sum(&:bytesize), 1].max)
      joined[0, joined.size] = texts.join unless texts.empty?
      address = joined.to_i
      addresses = texts.map { |text| (address += text.bytesize) - text.bytesize }
      pointers = Native.memory([ids.length, 1].max * Fiddle::SIZEOF_VOIDP)
      pointers[0, ids.length * Fiddle::SIZEOF_VOIDP] = addresses.pack("J*")
      Texts.reply do |json|
        @handle.use do |handle|
          Native.waiting { Native.mid_validate_many(handle, pointers, ids.length, places, json) }
        end
      end
    end

    def start(device_id, id, options)
      made = Handle.new("guard", :mid_guard_stop)
      @handle.use do |handle|
        made.open { |place, json| Native.mid_guard_start(handle, id, options, place, json) }
      end
      guard = Guard.new(device_id, made)
      known = guard.decision
      return guard unless known.state == "denied"

      guard.stop
      raise known.error
    end
  end
end
