# frozen_string_literal: true

# The common scenario: every operation, and the ways in which they fail. bindings/scenario.txt has what it prints.

require "libmachineid"

DEVICE = "worker:prod:queue-consumer:07"
SLACK_S = Float(ENV.fetch("CHECK_SLACK_MS", "0")) / 1000
INTERVAL_S = 0.2
$stdout.sync = true

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
def word(allowed) = allowed ? "allowed" : "denied"
def on(state) = state ? "on" : "off"
def done(steps) = steps.empty? ? "nothing done" : steps.join(", ")
def request_id(answer) = "request_id=#{answer.request_id.length} characters"

# The result of validate!: a decision or an error. Both have a status, a code and a request id.
def outcome(client, device)
  client.validate!(device)
rescue MachineID::Error => e
  e
end

def flag(outcome) = outcome.is_a?(MachineID::Decision) ? 1 : 0
def tell(step, outcome) = puts("#{step}: #{outcome.status} allowed=#{flag(outcome)}")
def tell_failure(step, outcome) = puts("#{step}: #{outcome.status} allowed=#{flag(outcome)} #{outcome.code}")

def tell_decision(outcome)
  line = "validate: #{outcome.status} allowed=#{flag(outcome)} code=#{outcome.code}"
  puts flag(outcome) == 1 ? line : "#{line} #{request_id(outcome)}"
end

def ask(path, body = "{}") = system("ask", path, body, out: File::NULL, exception: true)

def devices(client)
  puts "register: MID_OK status=#{client.register(DEVICE)["status"]}"
  puts "register again: MID_OK status=#{client.register(DEVICE)["status"]}"
  tell_decision(outcome(client, DEVICE))
  puts "work: one unit done" if client.validate(DEVICE)
  threads = Array.new(8) { Thread.new { Array.new(4) { client.allowed?(DEVICE) } } }
  puts "threads: #{threads.flat_map(&:value).count(true)} of 32 allowed"
  child = fork { exit!(client.validate(DEVICE)) }
  parent = client.validate(DEVICE)
  _, ended = Process.wait2(child)
  puts "fork: parent #{word(parent)}, child #{word(ended.success?)}"

  client.revoke(DEVICE)
  puts "revoke: MID_OK"
  tell_decision(outcome(client, DEVICE))
  puts "register revoked: MID_OK status=#{client.register(DEVICE)["status"]}"
  client.unrevoke(DEVICE)
  puts "unrevoke: MID_OK"
  tell_decision(outcome(client, DEVICE))
  client.restore(DEVICE)
  puts "restore: MID_OK"
  puts "list: MID_OK #{client.list_devices["devices"].length} device"
  puts "usage: MID_OK planTier=#{client.usage["planTier"]}"
  tell("umlaut device", outcome(client, "wörker:prod:07"))
  never_registered(client)
  many(client)
end

# Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none may
# let it work.
def never_registered(client)
  steps = []
  steps << "if" if client.validate("never")
  steps << "allowed?" if client.allowed?("never")
  steps << "unless" unless !client.validate("never")
  client.validate("never") and steps << "and"
  client.validate("never") && steps << "&&"
  client.validate("never") ? steps << "?" : nil
  case client.validate("never") when true then steps << "case" end
  steps.concat(["never"].select { |id| client.validate(id) })
  client.validate("never") { steps << "block" }
  client.validate!("never") { steps << "validate! block" } && steps << "validate!"
rescue MachineID::Error => e
  puts "never registered: #{done(steps)}"
  puts "never registered: #{e.status} #{e.code} #{request_id(e)}"
end

def many(client)
  ids = [DEVICE, "never", "", DEVICE]
  allowed, errors = client.partition(ids)
  puts "many: #{ids.map { |id| allowed.include?(id) ? 1 : 0 }.join(" ")}"
  puts "many: #{ids.map { |id| errors[id]&.code || "ALLOW" }.join(" ")}"
  puts "many: none asked, #{client.partition([]).sum(&:length)} decisions"
  steps = []
  steps << "if" if client.validate_many([DEVICE, "never"])
  steps << "none" if client.validate_many([])
  client.validate_many([DEVICE, "never"]) { steps << "block" }
  puts "many, one never registered: #{done(steps)}"
end

def guards(client)
  guard = client.guard(DEVICE, interval_ms: (INTERVAL_S * 1000).round)
  puts "guard: #{on(guard.allowed?)}"
  ask("/emulator/outage", '{"httpStatus":503}')
  guard.wait_until_off(30)
  known = guard.decision
  puts "guard: #{known.state} in an outage, #{known.failure&.code}"
  ask("/emulator/outage")
  deadline = now + 30
  sleep 0.01 until guard.allowed? || now > deadline
  puts "guard: #{guard.allowed? ? "on again after it" : "off after it"}"
  forked(client, guard)

  begun = now
  client.revoke(DEVICE)
  guard.wait_until_off(30)
  took = now - begun
  in_time = took <= INTERVAL_S * 1.1 + 1 + SLACK_S ? "within its interval" : "after #{took} s"
  known = guard.decision
  puts "guard: #{known.state} #{in_time}, #{known.code} #{request_id(known)}"
  client.unrevoke(DEVICE)
  client.validate!(DEVICE)
  puts "guard: still #{guard.decision.state} after unrevoke"
  guard.stop

  stopped = client.guard(DEVICE) { |inner| inner }
  puts "guard, stopped: #{on(stopped.allowed?)}"
  unregistered(client)
end

# A guard of a device that is denied does not start.
def unregistered(client)
  steps = []
  begin
    steps << "if" if client.guard("never")
  rescue MachineID::DeniedError
    client.guard("never") { |guard| steps << "while" while guard.allowed? }
  end
rescue MachineID::DeniedError
  puts "guard, never registered: #{done(steps)}"
end

def forked(client, guard)
  child = fork do
    own = client.guard(DEVICE)
    exit!((guard.allowed? ? 1 : 0) + (own.allowed? ? 0 : 2))
  end
  _, ended = Process.wait2(child)
  code = ended.exitstatus || 255
  inherited, own = on(code.anybits?(1)), on(code.nobits?(2))
  puts "guard, fork: #{on(guard.allowed?)} in the parent, #{inherited} in the child, #{own} in a new one of the child"
end

def refused(client)
  begin
    client.remove(DEVICE)
  rescue MachineID::Error => e
    puts "remove again: #{e.status} #{e.code} #{request_id(e)}"
  end
  begin
    MachineID::Client.from_env(timeout_ms: 0)
  rescue MachineID::Error => e
    puts "wrong option: #{e.status} #{e.code} #{e.reason[/timeout_ms/]}"
  end
  nothing = outcome(client, "")
  puts "no device: #{nothing.status} #{nothing.code}"
  bad = { "NUL" => "a\0b", "surrogate" => "w\xED\xA0\x80", "null" => nil, "number" => 7 }
  bad.each do |step, device_id|
    client.validate(device_id)
    puts "#{step}: asked"
  rescue ArgumentError, TypeError => e
    puts "#{step}: #{e.message.include?("device_id") ? "an argument error that names it" : e.message}"
  end
  secret
  closed
end

# Gives a key that cannot be sent; no error may show it, nor may the client that has one.
def secret
  keys = ["org_marker\0", "org_marker\xED\xA0\x80", "org_marker\n\x7f", :org_marker, ["org_marker"]]
  shown = keys.map do |key|
    MachineID::Client.new(key)
    "accepted: marker"
  rescue TypeError, ArgumentError => e
    "#{e.message} #{e.inspect}"
  end
  shown << MachineID::Client.new("org_marker").inspect
  shown.select! { |said| said.include?("marker") }
  puts "secret: #{shown.empty? ? "refused, and not shown" : shown}"
end

def closed
  client = MachineID::Client.from_env
  client.close
  puts "closed: #{client.validate(DEVICE)}"
rescue ArgumentError => e
  puts "closed: #{e.message.include?("closed") ? "an argument error that says so" : e.message}"
end

def failures
  # The reply holds unusual numbers. Its answer counts all the same.
  MachineID::Client.open("org_bindings", base_url: ENV.fetch("MACHINEID_ODD_URL")) do |odd|
    tell("odd numbers", outcome(odd, DEVICE))
  end
  # An outage is neither an answer nor a refusal: the next call may bring an answer.
  MachineID::Client.open("org_outage", base_url: ENV.fetch("MACHINEID_BASE_URL"), max_retries: 0) do |out|
    tell_failure("outage", outcome(out, DEVICE))
    tell("outlived", outcome(out, DEVICE))
  end
  MachineID::Client.open("org_bindings", base_url: "http://127.0.0.1:1", max_retries: 0) do |unreachable|
    tell_failure("unreachable", outcome(unreachable, DEVICE))
  end
  silent = ENV.fetch("MACHINEID_SILENT_URL")
  MachineID::Client.open("org_bindings", base_url: silent, timeout_ms: 50) do |slow|
    tell_failure("timeout", outcome(slow, DEVICE))
  end
  MachineID::Client.open("org_bindings", base_url: silent, timeout_ms: 60_000) { |waiting| cancelled(waiting) }
end

def cancelled(waiting)
  MachineID::Client.from_env do |client|
    client.register(DEVICE)
    guard = client.guard(DEVICE)
    thread = Thread.new { outcome(waiting, DEVICE) }
    sleep 0.2 # so that it is most probably in flight; a call to come would be cancelled too
    waiting.cancel
    puts "cancel: a call in flight #{thread.value.status} allowed=#{flag(thread.value)}"
    client.cancel
    to_come = outcome(client, DEVICE)
    puts "cancel: a call to come #{to_come.status} allowed=#{flag(to_come)}"
    guard.wait_until_off(30)
    puts "cancel: a guard has #{guard.decision.state}"
  end
end

puts "version #{MachineID::VERSION}"
MachineID::Client.from_env do |client|
  devices(client)
  guards(client)
  client.remove(DEVICE)
  puts "remove: MID_OK"
  refused(client)
end
failures
