# scenario.cr - every operation of machineid.cr, and the ways in which they fail.
require "./machineid"

DEVICE = "worker:prod:queue-consumer:07"

# The result of validate!: a decision or an error. Both have a status, a code and a request id.
def outcome(client, device) : MachineID::Decision | MachineID::Error
  client.validate!(device)
rescue error : MachineID::Error
  error
end

def show(outcome)
  "#{outcome.status} allowed=#{outcome.is_a?(MachineID::Decision) ? 1 : 0}"
end

# Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
# let it work.
def never_registered(client)
  done = [] of String
  done << "if validate" if client.validate("never")
  done << "if allowed?" if client.allowed?("never")
  done << "unless not" unless !client.validate("never")
  done << "and" if client.validate("never") && client
  if decision = client.validate("never")
    done << "assignment #{decision}"
  end
  problem = refusal do
    client.validate!("never")
    done << "validate!"
  end
  puts "never registered: #{done.empty? ? "nothing done" : done.join(", ")}"
  puts "never registered: #{problem.status} #{problem.code} request_id=#{problem.request_id.try &.size} characters"
end

# Asks about several devices in one call. One that cannot be asked about costs only that device its decision.
def many(client)
  outcomes = [] of MachineID::Decision | MachineID::Error
  client.validate_many([DEVICE, "never", "", DEVICE]) { |_, outcome| outcomes << outcome }
  puts "many: #{outcomes.join(" ") { |outcome| outcome.is_a?(MachineID::Decision) ? 1 : 0 }}"
  puts "many: #{outcomes.join(" ", &.code)}"
  asked = 0
  all = client.validate_many([] of String) { asked += 1 }
  puts "many: #{all ? "work" : "none asked"}, #{asked} decisions"
  done = [] of String
  done << "if" if client.validate_many([DEVICE, "never"])
  if all = client.validate_many([DEVICE, "never"]) { }
    done << "assignment #{all}"
  end
  puts "many, one never registered: #{done.empty? ? "nothing done" : done.join(", ")}"
  raise "not all are allowed" unless client.validate_many([DEVICE, DEVICE])
end

# A guard for a device that is denied is an error, so that no condition on one is true.
def guards(client)
  guard = client.guard(DEVICE, interval_ms: 50)
  puts "guard: #{on_or_off(guard)}"
  client.revoke(DEVICE)
  puts "guard: on 30 s after a revoke" unless guard.wait_until_off(30.seconds)
  known = guard.decision
  code, request_id = known["decision"]["code"], known["decision"]["request_id"].as_s
  puts "guard: #{known["state"]} after a revoke, #{code} request_id=#{request_id.size} characters"
  client.unrevoke(DEVICE)
  puts "guard: #{guard.allowed? ? "on" : "still #{guard.decision["state"]}"} after an unrevoke"
  guard.stop
  puts "guard, stopped: #{on_or_off(guard)}"

  done = [] of String
  problem = refusal do
    done << "if" if client.guard("never")
    done << "guard"
  end
  raise problem unless problem.code == "DEVICE_NOT_REGISTERED"
  puts "guard, never registered: #{done.empty? ? "nothing done" : done.join(", ")}"

  MachineID::Client.from_env do |other|
    other.guard(DEVICE) do |cancelled|
      other.cancel
      puts "guard, cancelled: #{on_or_off(cancelled)}"
    end
  end

  # A thread that waits for a guard comes back when another one stops it.
  stopped = client.guard(DEVICE)
  raise "the guard is off" if stopped.wait_until_off(0.seconds)
  returned = Channel(Bool).new
  spawn { returned.send(stopped.wait_until_off(60.seconds)) }
  stopped.stop
  raise "the guard is on" unless returned.receive
end

def on_or_off(guard)
  guard.allowed? ? "on" : "off"
end

# A bad argument must raise the language's argument error, which names the parameter.
def refused(step, client, device_id)
  client.validate(device_id)
  puts "#{step}: asked"
rescue error : ArgumentError
  puts "#{step}: #{error.message.try(&.includes?("device_id")) ? "an argument error that names it" : error.message}"
end

def refusal
  yield
  raise "that should have been refused"
rescue error : MachineID::Error
  error
end

# Gives a key that cannot be sent; the error must not show it.
def secret
  shown = ["org_marker\0", String.new(Bytes[111, 114, 103, 95, 0xED, 0xA0, 0x80]) + "marker"].map do |key|
    begin
      MachineID::Client.new(key)
      "accepted: marker"
    rescue error : ArgumentError
      error.inspect_with_backtrace.lines.first
    end
  end.select(&.includes?("marker"))
  puts "secret: #{shown.empty? ? "refused, and not shown" : shown.join(", ")}"
end

# Validates in 8 fibers, each on its own worker thread, 4 times in each.
def validate_in_threads(client)
  counts = Channel(Int32).new
  8.times do
    spawn { counts.send((1..4).count { client.allowed?(DEVICE) }) }
  end
  Array.new(8) { counts.receive }.sum
end

puts "version #{MachineID.version}"
MachineID::Client.from_env do |client|
  puts "register: MID_OK status=#{client.register(DEVICE)["status"]}"
  puts "register again: MID_OK status=#{client.register(DEVICE)["status"]}"
  decision = outcome(client, DEVICE)
  puts "validate: #{show(decision)} code=#{decision.code}"
  puts "work: one unit done" if client.validate(DEVICE)
  puts "threads: #{validate_in_threads(client)} of 32 allowed"

  client.revoke(DEVICE)
  puts "revoke: MID_OK"
  decision = outcome(client, DEVICE)
  puts "validate: #{show(decision)} code=#{decision.code} request_id=#{decision.request_id.try &.size} characters"
  puts "register revoked: MID_OK status=#{client.register(DEVICE)["status"]}"
  client.unrevoke(DEVICE)
  puts "unrevoke: MID_OK"
  decision = outcome(client, DEVICE)
  puts "validate: #{show(decision)} code=#{decision.code}"
  client.restore(DEVICE)
  puts "restore: MID_OK"

  puts "list: MID_OK #{client.list_devices["devices"].size} device"
  puts "usage: MID_OK planTier=#{client.usage["planTier"]}"
  puts "umlaut device: #{show(outcome(client, "wörker:prod:07"))}"
  never_registered(client)
  many(client)
  guards(client)
  client.remove(DEVICE)
  puts "remove: MID_OK"
  again = refusal { client.remove(DEVICE) }
  puts "remove again: #{again.status} #{again.code} request_id=#{again.request_id.try &.size} characters"

  wrong = refusal { MachineID::Client.from_env(timeout: 1) }
  puts "wrong option: #{wrong.status} #{wrong.code} #{wrong.message.try &.match(/timeout/).try &.[0]}"
  decision = outcome(client, "")
  puts "no device: #{decision.status} #{decision.code}"
  refused("NUL", client, "a\0b")
  refused("surrogate", client, String.new(Bytes['w'.ord, 0xED, 0xA0, 0x80]))
  secret
end

# The reply holds unusual numbers. Its answer counts all the same.
odd = MachineID::Client.new("org_runtimes", base_url: ENV["MACHINEID_ODD_URL"])
raise "an odd reply" unless odd.allowed?(DEVICE)
puts "odd numbers: #{show(outcome(odd, DEVICE))}"

# An outage is neither an answer nor a refusal: the next call may bring an answer.
outage = MachineID::Client.new("org_outage", base_url: ENV["MACHINEID_OUTAGE_URL"], max_retries: 0)
decision = outcome(outage, DEVICE)
puts "outage: #{show(decision)} #{decision.code}"
puts "outlived: #{show(outcome(outage, DEVICE))}"

unreachable = MachineID::Client.new("org_runtimes", base_url: "http://127.0.0.1:1", max_retries: 0)
decision = outcome(unreachable, DEVICE)
puts "unreachable: #{show(decision)} #{decision.code}"
unreachable.cancel
puts "cancelled: #{show(outcome(unreachable, DEVICE))}"
unreachable.close
raise "a closed client allows" unless outcome(unreachable, DEVICE).status == "MID_INVALID_ARGUMENT"
