# client.rb package|plain CALLS - calls of the gem, or of Net::HTTP. languages.py says what it prints.
require "json"
require "net/http"

URL = ENV.fetch("MACHINEID_BASE_URL")

def package
  require "libmachineid"
  client = MachineID::Client.new("org_bench", base_url: URL)
  -> { client.validate("agent-01") }
end

def plain
  uri = URI("#{URL}/api/v1/devices/validate")
  http = Net::HTTP.start(uri.host, uri.port)
  header = { "x-org-key" => "org_bench", "Content-Type" => "application/json" }
  lambda do
    reply = http.post(uri.path, JSON.generate(deviceId: "agent-01"), header)
    reply.is_a?(Net::HTTPSuccess) && JSON.parse(reply.body)["allowed"]
  end
end

def ask(validate, calls)
  calls.times { validate.call == true or abort "client.rb: denied" }
end

def resident
  GC.start
  File.read("/proc/self/status")[/^VmRSS:\s*(\d+)/, 1].to_i
end

validate = ARGV[0] == "package" ? package : plain
calls = ARGV[1].to_i
ask(validate, calls / 10)
before = resident
start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
ask(validate, calls - calls / 10)
rate = (calls - calls / 10) / (Process.clock_gettime(Process::CLOCK_MONOTONIC) - start)
puts format("%.1f %d %d", rate, before, resident)
