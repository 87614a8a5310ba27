# frozen_string_literal: true

# scenario.rb - every operation of machineid.rb, and the ways in which they fail.

require_relative "machineid"

DEVICE = "worker:prod:queue-consumer:07"

def threads(client)
  threads = Array.new(8) { Thread.new { Array.new(4) { client.allowed?(DEVICE) } } }
  puts "threads: #{threads.flat_map(&:value).count(true)} of 32 allowed"
end

# The child reports its result through its exit status.
def forked(client)
  $stdout.flush
  child = fork { exit!(client.allowed?(DEVICE)) }
  parent = client.allowed?(DEVICE)
  _, ended = Process.wait2(child)
  puts "fork: parent #{word(parent)}, child #{word(ended.success?)}"
end

def word(allowed) = allowed ? "allowed" : "denied"

# The result of validate!: a decision or an error. Both have a status, a code and a request id.
def outcome(client, device)
  client.validate!(device)
rescue MachineID::Error => e
  e
end

def show(step, outcome) = "#{step}: #{outcome.status} allowed=#{outcome.is_a?(MachineID::Decision) ? 1 : 0}"

# Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
# let it work.
def never_registered(client)
  done = []
  done << "if validate" if client.validate("never")
  done << "if allowed?" if client.allowed?("never")
  done << "and" if client.validate("never") && true
  done << "not" unless !client.validate("never")
  client.validate("never") { done << "block" }
  client.validate!("never") && done << "validate!"
rescue MachineID::Error => e
  puts "never registered: #{done.empty? ? "nothing done" : done}"
  puts "never registered: #{e.status} #{e.code} request_id=#{e.request_id.length} characters"
end

# A bad argument must raise the language's argument error, which names the parameter.
def refused(step, kind, client, device_id)
  client.allowed?(device_id)
  puts "#{step}: asked"
rescue kind => e
  puts "#{step}: #{e.message.include?("device_id") ? "an argument error that names it" : e.message}"
end

# Gives a key that cannot be sent; the error must not show it.
def secret
  keys = ["org_marker\0", "org_marker\xED\xA0\x80", ["org_marker"], :org_marker, nil]
  shown = keys.map do |key|
    MachineID::Client.new(key)
    "accepted: marker"
  rescue TypeError, ArgumentError => e
    e.full_message(highlight: false).lines.first
  end
  shown.select! { |said| said.include?("marker") }
  puts "secret: #{shown.empty? ? "refused, and not shown" : shown}"
end

# Closes the client at the last moment before the library is called.
class Closing < String
  attr_accessor :client

  def encode(*)
    client.close
    super
  end
end

def closed_under_a_call
  client = MachineID::Client.from_env
  id = Closing.new(DEVICE)
  id.client = client
  problem = outcome(client, id)
  raise "closed under a call: #{problem.status}" unless problem.status == "MID_CANCELLED"
  raise "closed: #{problem.status}" unless outcome(client, DEVICE).status == "MID_INVALID_ARGUMENT"
end

puts "version #{MachineID.version}"

MachineID::Client.from_env do |client|
  puts "register: MID_OK status=#{client.register(DEVICE)["status"]}"
  puts "register again: MID_OK status=#{client.register(DEVICE)["status"]}"
  decision = outcome(client, DEVICE)
  puts "#{show("validate", decision)} code=#{decision.code}"
  puts "work: one unit done" if client.validate(DEVICE)

  threads(client)
  forked(client)

  client.revoke(DEVICE)
  puts "revoke: MID_OK"
  decision = outcome(client, DEVICE)
  puts "#{show("validate", decision)} code=#{decision.code} request_id=#{decision.request_id.length} characters"
  puts "register revoked: MID_OK status=#{client.register(DEVICE)["status"]}"
  client.unrevoke(DEVICE)
  puts "unrevoke: MID_OK"
  decision = outcome(client, DEVICE)
  puts "#{show("validate", decision)} code=#{decision.code}"
  client.restore(DEVICE)
  puts "restore: MID_OK"

  puts "list: MID_OK #{client.list_devices["devices"].length} device"
  puts "usage: MID_OK planTier=#{client.usage["planTier"]}"
  puts show("umlaut device", outcome(client, "wörker:prod:07"))
  never_registered(client)
  client.remove(DEVICE)
  puts "remove: MID_OK"
  begin
    client.remove(DEVICE)
  rescue MachineID::Error => e
    puts "remove again: #{e.status} #{e.code} request_id=#{e.request_id.length} characters"
  end

  begin
    MachineID::Client.from_env(timeout: 1)
  rescue MachineID::Error => e
    puts "wrong option: #{e.status} #{e.code} #{e.message[/timeout/]}"
  end
  decision = outcome(client, "")
  puts "no device: #{decision.status} #{decision.code}"
  refused("NUL", ArgumentError, client, "a\0b")
  refused("surrogate", ArgumentError, client, "w\xED\xA0\x80")
  refused("null", TypeError, client, nil)
  secret
end
closed_under_a_call

# The reply holds unusual numbers. Its answer counts all the same.
MachineID::Client.open("org_runtimes", base_url: ENV.fetch("MACHINEID_ODD_URL")) do |client|
  puts show("odd numbers", outcome(client, DEVICE))
end

# An outage is neither an answer nor a refusal: the next call may bring an answer.
MachineID::Client.open("org_outage", base_url: ENV.fetch("MACHINEID_OUTAGE_URL"), max_retries: 0) do |client|
  decision = outcome(client, DEVICE)
  puts "#{show("outage", decision)} #{decision.code}"
  puts show("outlived", outcome(client, DEVICE))
end

MachineID::Client.open("org_runtimes", base_url: "http://127.0.0.1:1", max_retries: 0) do |client|
  decision = outcome(client, DEVICE)
  puts "#{show("unreachable", decision)} #{decision.code}"
  client.cancel
  puts show("cancelled", outcome(client, DEVICE))
end
