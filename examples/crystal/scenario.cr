# scenario.cr - every operation of machineid.cr, and the ways in which they fail.
require "./machineid"

DEVICE = "worker:prod:queue-consumer:07"

def show(decision)
  "#{decision.status} allowed=#{decision.allowed? ? 1 : 0}"
end

def refusal
  yield
  raise "that should have been refused"
rescue error : MachineID::Error
  error
end

# 8 fibers, each on a worker thread of its own, 4 times each.
def validate_in_threads(client)
  counts = Channel(Int32).new
  8.times do
    spawn { counts.send((1..4).count { client.validate(DEVICE).allowed? }) }
  end
  Array.new(8) { counts.receive }.sum
end

puts "version #{MachineID.version}"
MachineID::Client.from_env do |client|
  puts "register: MID_OK status=#{client.register(DEVICE)["status"]}"
  puts "register again: MID_OK status=#{client.register(DEVICE)["status"]}"
  decision = client.validate(DEVICE)
  puts "validate: #{show(decision)} code=#{decision.code}"
  puts "work: one unit done" if decision.allowed?
  puts "threads: #{validate_in_threads(client)} of 32 allowed"

  client.revoke(DEVICE)
  puts "revoke: MID_OK"
  decision = client.validate(DEVICE)
  puts "validate: #{show(decision)} code=#{decision.code} request_id=#{decision.request_id.try &.size} characters"
  puts "register revoked: MID_OK status=#{client.register(DEVICE)["status"]}"
  client.unrevoke(DEVICE)
  puts "unrevoke: MID_OK"
  decision = client.validate(DEVICE)
  puts "validate: #{show(decision)} code=#{decision.code}"
  client.restore(DEVICE)
  puts "restore: MID_OK"

  puts "list: MID_OK #{client.list_devices["devices"].size} device"
  puts "usage: MID_OK planTier=#{client.usage["planTier"]}"
  puts "umlaut device: #{show(client.validate("wörker:prod:07"))}"
  client.remove(DEVICE)
  puts "remove: MID_OK"
  puts "remove again: #{refusal { client.remove(DEVICE) }.status}"

  wrong = refusal { MachineID::Client.from_env(timeout: 1) }
  puts "wrong option: #{wrong.status} #{wrong.code}"
  decision = client.validate("")
  puts "no device: #{decision.status} #{decision.code}"
end

unreachable = MachineID::Client.new("org_runtimes", base_url: "http://127.0.0.1:1", max_retries: 0)
decision = unreachable.validate(DEVICE)
puts "unreachable: #{show(decision)} #{decision.code}"
unreachable.cancel
puts "cancelled: #{show(unreachable.validate(DEVICE))}"
unreachable.close
