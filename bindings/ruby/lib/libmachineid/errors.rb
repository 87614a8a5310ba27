# frozen_string_literal: true

module MachineID
  # What every error of this package is: the authority did not do what was asked, or was not asked.
  #
  #     rescue MachineID::Error => e
  #       logger.warn(e.message) # it has the code and the request id
  #
  # It is a module, so that errors about arguments are an ArgumentError too. No text of an error has the org key in it.
  module Error
    # The status of machineid.h, such as "MID_TIMEOUT". After a denial it is "MID_OK", because the authority decided.
    attr_reader :status
    # The authority's word for it, such as "device_limit_reached"; or the library's, such as "CLIENT_TIMEOUT".
    attr_reader :code
    # One line for a person, nil where there is none. The wording may change. Exception#message has it, the code and the
    # request id.
    attr_reader :reason
    # The authority's name for the request: log it, support asks for it. nil where the authority gave none.
    attr_reader :request_id
    # The HTTP status of an outage or of a reply that is no answer. nil where the library does not tell it.
    attr_reader :http_status
    # All that the authority or the library said, as a Hash.
    attr_reader :reply

    def initialize(status, reply) # :nodoc:
      @status = status
      @reply = reply
      @code = Texts.member(reply, "code", "error")
      @reason = Texts.member(reply, "message", "reason")
      @request_id = Texts.member(reply, "request_id")
      @http_status = @code.to_s.start_with?("CLIENT_") ? @reason.to_s[/\AHTTP (\d{3})\b/, 1]&.to_i : nil
      super(@request_id ? "#{line} (request id #{@request_id})" : line)
    end

    private

    def line
      @reason ? "#{@status} #{@code}: #{@reason}" : "#{@status} #{@code}"
    end
  end

  # The authority decided: this device may not run. Stop.
  class DeniedError < StandardError
    include Error

    private

    def line = "not allowed: #{@code}"
  end

  # The authority answered with an API error, such as an unknown org key, an unknown device or "device_limit_reached".
  # It is no decision about the device.
  class RefusedError < StandardError
    include Error
  end

  # An org key or a device id that cannot be sent, or a client that is closed.
  class InvalidArgumentError < ArgumentError
    include Error
  end

  # An option, or a variable in its place, that cannot be used. The message names it.
  class InvalidOptionsError < ArgumentError
    include Error
  end

  # No variable or file has the org key, or it may not be read.
  class NoOrgKeyError < StandardError
    include Error
  end

  # There is no answer: nothing is allowed now. A later call may bring one.
  class NoAnswerError < StandardError
    include Error
  end

  # The host name of the authority or the proxy was not found.
  class ResolveFailedError < NoAnswerError; end

  # No connection: refused, unreachable, too slow, turned away by the proxy.
  class ConnectFailedError < NoAnswerError; end

  # Certificate, host name, pin or handshake does not fit.
  class TLSFailedError < NoAnswerError; end

  # The connection broke before the reply was complete.
  class TransferFailedError < NoAnswerError; end

  # timeout_ms passed first.
  class TimedOutError < NoAnswerError; end

  # An outage: HTTP 408, 429 or 5xx, to the last try too. Error#http_status has it.
  class UnavailableError < NoAnswerError; end

  # What came back is not an answer.
  class BadReplyError < NoAnswerError; end

  # The client was cancelled or closed, or the process was forked within the call.
  class CallCancelledError < StandardError
    include Error
  end

  # Memory was refused.
  class OutOfMemoryError < StandardError
    include Error
  end

  # The system or a library below refused what is needed. The message says what.
  class InternalError < StandardError
    include Error
  end

  # Makes errors.
  module Errors
    CLASSES = {
      "MID_OK" => DeniedError,
      "MID_REFUSED" => RefusedError,
      "MID_INVALID_ARGUMENT" => InvalidArgumentError,
      "MID_INVALID_OPTIONS" => InvalidOptionsError,
      "MID_NO_ORG_KEY" => NoOrgKeyError,
      "MID_RESOLVE_FAILED" => ResolveFailedError,
      "MID_CONNECT_FAILED" => ConnectFailedError,
      "MID_TLS_FAILED" => TLSFailedError,
      "MID_TRANSFER_FAILED" => TransferFailedError,
      "MID_TIMEOUT" => TimedOutError,
      "MID_UNAVAILABLE" => UnavailableError,
      "MID_BAD_REPLY" => BadReplyError,
      "MID_CANCELLED" => CallCancelledError,
      "MID_OUT_OF_MEMORY" => OutOfMemoryError,
      "MID_INTERNAL" => InternalError
    }.freeze

    module_function

    # The error for a status. One that this package does not know is a NoAnswerError.
    def for(status, reply) = CLASSES.fetch(status, NoAnswerError).new(status, reply)

    # The same for one reply of several, as mid_validate_many and mid_guard_decision give them. The library names the
    # status in the code of a failure; `whole` is the status where the reply does not tell.
    def for_reply(told, whole)
      reply = Texts.reply_of(told)
      code = Texts.member(reply, "code").to_s
      return self.for("MID_#{code.delete_prefix("CLIENT_")}", reply) if code.start_with?("CLIENT_")
      return self.for("MID_OK", reply) if [true, false].include?(reply["allowed"])

      self.for(reply.empty? ? whole : "MID_REFUSED", reply)
    end

    # The error of the library's own kind that this package itself makes.
    def own(status, message)
      code = status.sub("MID_", "CLIENT_")
      self.for(status, { "allowed" => false, "code" => code, "request_id" => nil, "message" => message })
    end
  end
  private_constant :Errors
end
