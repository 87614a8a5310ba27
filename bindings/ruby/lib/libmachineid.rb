# frozen_string_literal: true

require_relative "libmachineid/native"
require_relative "libmachineid/texts"
require_relative "libmachineid/errors"
require_relative "libmachineid/handle"
require_relative "libmachineid/decision"
require_relative "libmachineid/guard"
require_relative "libmachineid/client"

# The client of the MachineID execution authority: it asks whether a device may run, and fails closed.
#
#     require "libmachineid"
#
#     MachineID::Client.from_env do |client|
#       client.register("agent-01")
#       work if client.validate("agent-01")
#     end
#
# Client#validate is true or false, and Client#validate! raises an Error unless the device is allowed. In tests use the
# emulator of libmachineid/testing and not a double: a double is true.
module MachineID
  # The version of the loaded library, such as "0.1.0".
  VERSION = Native.mid_version.to_s.freeze

  # What the loaded library is, and which libraries it works with: the object that mid_build_info gives, as a Hash.
  def self.build_info = Texts.reply_of(Texts.parsed(Native.mid_build_info.to_s))
end
