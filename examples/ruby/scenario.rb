# frozen_string_literal: true

# scenario.rb - every operation of machineid.rb, and the ways in which they fail.

require_relative "machineid"

DEVICE = "worker:prod:queue-consumer:07"

def threads(client)
  threads = Array.new(8) { Thread.new { Array.new(4) { client.validate(DEVICE) } } }
  puts "threads: #{threads.flat_map(&:value).count(&:allowed?)} of 32 allowed"
end

# The child tells the parent by its exit status.
def forked(client)
  $stdout.flush
  child = fork { exit!(client.validate(DEVICE).allowed?) }
  parent = client.validate(DEVICE)
  _, ended = Process.wait2(child)
  puts "fork: parent #{word(parent.allowed?)}, child #{word(ended.success?)}"
end

def word(allowed) = allowed ? "allowed" : "denied"

def show(step, decision) = "#{step}: #{decision.status} allowed=#{decision.allowed? ? 1 : 0}"

puts "version #{MachineID.version}"

MachineID::Client.open do |client|
  puts "register: MID_OK status=#{client.register(DEVICE)["status"]}"
  puts "register again: MID_OK status=#{client.register(DEVICE)["status"]}"
  decision = client.validate(DEVICE)
  puts "#{show("validate", decision)} code=#{decision.code}"
  client.validate(DEVICE) { puts "work: one unit done" }

  threads(client)
  forked(client)

  client.revoke(DEVICE)
  puts "revoke: MID_OK"
  decision = client.validate(DEVICE) { puts "work without permission" }
  puts "#{show("validate", decision)} code=#{decision.code} request_id=#{decision.request_id.length} characters"
  puts "register revoked: MID_OK status=#{client.register(DEVICE)["status"]}"
  client.unrevoke(DEVICE)
  puts "unrevoke: MID_OK"
  decision = client.validate(DEVICE)
  puts "#{show("validate", decision)} code=#{decision.code}"
  client.restore(DEVICE)
  puts "restore: MID_OK"

  puts "list: MID_OK #{client.list_devices["devices"].length} device"
  puts "usage: MID_OK planTier=#{client.usage["planTier"]}"
  puts show("umlaut device", client.validate("wörker:prod:07"))
  client.remove(DEVICE)
  puts "remove: MID_OK"
  begin
    client.remove(DEVICE)
  rescue MachineID::Error => e
    puts "remove again: #{e.status}"
  end

  begin
    MachineID::Client.new(timeout: 1)
  rescue MachineID::Error => e
    puts "wrong option: #{e.status} #{e.code}"
  end
  decision = client.validate("")
  puts "no device: #{decision.status} #{decision.code}"
end

MachineID::Client.open("org_runtimes", base_url: "http://127.0.0.1:1", max_retries: 0) do |client|
  decision = client.validate(DEVICE)
  puts "#{show("unreachable", decision)} #{decision.code}"
  client.cancel
  puts show("cancelled", client.validate(DEVICE))
end
