# frozen_string_literal: true

module MachineID
  # The authority's decision about one device. Client#validate! returns only those that allow; what a guard knows may
  # have another.
  #
  # Like every object of Ruby it is true in a condition: look at allowed?, or at the true or false of Client#validate.
  class Decision
    # The id of the device.
    attr_reader :device_id
    # All that the authority said, as a Hash.
    attr_reader :reply

    def initialize(device_id, allowed, reply) # :nodoc:
      @device_id = device_id
      @allowed = allowed
      @reply = reply
      freeze
    end

    # Whether the authority allowed the device.
    def allowed? = @allowed

    # The opposite: `!decision` and `not decision` are right.
    def ! = !@allowed

    # Always "MID_OK": the authority decided.
    def status = "MID_OK"

    # Why, such as "ALLOW" or "DEVICE_REVOKED".
    def code = Texts.member(@reply, "code")

    # The authority's name for the request, for your log.
    def request_id = Texts.member(@reply, "request_id")

    def to_s
      line = "#{@device_id}: #{@allowed ? "allowed" : "denied"}, #{code}"
      request_id ? "#{line} (request id #{request_id})" : line
    end

    def inspect = "#<#{self.class} #{self}>"
  end

  # What a guard knows. Like every object of Ruby it is true in a condition: look at allowed?.
  class GuardDecision
    # The id of the device.
    attr_reader :device_id
    # "on", "lapsed", "denied" or "ended".
    attr_reader :state
    # How many milliseconds ago the question was sent whose answer is `decision`.
    attr_reader :age_ms
    # How many checks were made, the first one included.
    attr_reader :checks
    # How many checks since the last decision brought none.
    attr_reader :failures
    # The authority's last Decision, which says what it was then, and not whether the device may run now; or nil.
    attr_reader :decision
    # Why the last check brought no decision: an Error; or nil.
    attr_reader :failure

    def initialize(device_id, allowed, reply) # :nodoc:
      decided, failed = reply.values_at("decision", "failure")
      @device_id = device_id
      @allowed = allowed
      @state = Texts.member(reply, "state") || "ended"
      @age_ms, @checks, @failures = reply.values_at("age_ms", "checks", "failures").map { |number| number || 0 }
      @decision = Decision.new(device_id, decided["allowed"] == true, decided) if decided.is_a?(Hash)
      @failure = Errors.for_reply(failed, "MID_REFUSED") if failed.is_a?(Hash)
    end

    # Returns the same for a guard that has been stopped.
    def stopped # :nodoc:
      copy = dup
      copy.instance_variable_set(:@allowed, false)
      copy.instance_variable_set(:@state, "ended") unless @state == "denied"
      copy
    end

    # Whether the device may run now.
    def allowed? = @allowed

    # The opposite: `!known` and `not known` are right.
    def ! = !@allowed

    # The code of the last decision, or of the failure where there is no decision.
    def code = @decision.nil? ? @failure&.code : @decision.code

    # The request id of the last decision, for your log.
    def request_id = @decision&.request_id

    # nil while the device may run. Otherwise the Error that says why it may not: DeniedError after a denial; after an
    # end or a lapse the failure, or a CallCancelledError.
    def error
      return if @allowed
      return Errors.for("MID_OK", @decision.reply) if @state == "denied" && @decision

      @failure || Errors.own("MID_CANCELLED", "the guard is #{@state}")
    end

    def inspect = "#<#{self.class} of #{@device_id.inspect}, #{@state}, #{code}>"
  end
end
