# frozen_string_literal: true

require "json"

module MachineID
  # Texts for the library, and texts from it.
  module Texts
    module_function

    # Returns a text for the library, or raises an error that names the parameter and does not show the text, which may
    # be the org key. A NUL would cut the text short, and what is not Unicode might become another text, so that the
    # call would concern another device.
    def given(name, text)
      raise TypeError, "#{name} must be a String, not #{kind_of(text)}" unless text.is_a?(String)

      begin
        utf8 = text.encode(Encoding::UTF_8)
      rescue EncodingError
        utf8 = nil
      end
      return utf8 if utf8&.valid_encoding? && !utf8.include?("\0")

      raise ArgumentError, "#{name} must be a String of Unicode text without NUL"
    end

    # Returns device ids for the library, or raises an error that names the one that cannot be given.
    def all_given(device_ids)
      unless device_ids.is_a?(Enumerable)
        raise TypeError, "device_ids must be an Array of Strings, not #{kind_of(device_ids)}"
      end

      device_ids.each_with_index.map { |device_id, index| given("device_ids[#{index}]", device_id) }
    end

    # Returns options as the library takes them, without those that are nil: the library has the defaults.
    def options(options)
      JSON.generate(options.compact.to_h { |name, value| [name, option(name, value)] })
    end

    def option(name, value)
      return value if value.is_a?(Integer)

      value = value.to_path if value.respond_to?(:to_path)
      return given(name, value) if value.is_a?(String)

      raise TypeError, "#{name} must be a String or an Integer, not #{kind_of(value)}"
    end

    def kind_of(value) = value.nil? ? "nil" : "a #{value.class}"

    # Yields a place for a `json` parameter. Returns the block's result and what the text says, and frees the text. An
    # exception from outside, such as Timeout::Error, waits until then: it could not end a call in any case.
    def reply
      Thread.handle_interrupt(Object => :never) do
        place = Native.place
        begin
          [yield(place), taken(place.ptr)]
        ensure
          Native.mid_free(place.ptr)
        end
      end
    end

    def taken(pointer) = pointer.null? ? nil : parsed(pointer.to_s)

    # Parses a text; nil where Ruby cannot read it. The answer is the library's flag, whatever a reply looks like to
    # Ruby.
    def parsed(text)
      JSON.parse(text.dup.force_encoding(Encoding::UTF_8))
    rescue JSON::JSONError, EncodingError
      nil
    end

    # What the library told, if it is an object; otherwise an empty reply.
    def reply_of(told) = told.is_a?(Hash) ? told : {}

    # The first of these members that is there, if it is a text.
    def member(reply, *names)
      value = reply.values_at(*names).compact.first
      value if value.is_a?(String)
    end

    # The name of a status. The number of one without a name, which a later library may have, is passed on.
    def status_name(status)
      name = Native.mid_status_name(status).to_s
      name == "MID_UNKNOWN_STATUS" ? "#{name} #{status}" : name
    end
  end
  private_constant :Texts
end
