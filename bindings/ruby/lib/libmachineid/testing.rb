# frozen_string_literal: true

require "json"
require "net/http"
require "libmachineid"

module MachineID
  # The authority for tests.
  module Testing
    # An emulator that is running on a free port of loopback.
    #
    #     require "libmachineid/testing"
    #
    #     MachineID::Testing::Emulator.open(plan: "pro") do |authority|
    #       client = authority.client
    #       client.register("agent-01")
    #       authority.revoke("agent-01")
    #       refute client.validate("agent-01")
    #     end
    #
    # The program is found in the variable MACHINEID_EMULATOR, or by the name machineid-emulator on PATH. The package
    # machineid-emulator has it.
    class Emulator
      PATIENCE_S = 30
      private_constant :PATIENCE_S

      # Its address, such as "http://127.0.0.1:40123", for the option base_url.
      attr_reader :url
      # The org key of the organisation that it has.
      attr_reader :org_key

      # Starts an emulator, yields it, stops it at the end of the block, and returns what the block returned.
      def self.open(**options)
        emulator = new(**options)
        begin
          yield emulator
        ensure
          emulator.stop
        end
      end

      # Starts an emulator, for stop to end.
      def initialize(org_key: "org_tests", plan: "pro", program: nil)
        @org_key = org_key
        command = [found(program), "--port", "0", "--plan", plan, "--org-key", org_key, "--quiet"]
        @output = IO.popen(command, in: :close)
        @is_running = true
        @url = first_line
      rescue StandardError
        stop if @output
        raise
      end

      # The variables with which Client.from_env asks this emulator.
      def environment = { "MACHINEID_BASE_URL" => @url, "MACHINEID_ORG_KEY" => @org_key }

      # Makes a client of this emulator. With a block, yields it and closes it at the end.
      def client(**options, &block) = Client.open(@org_key, base_url: @url, **options, &block)

      # ---- What an operator does

      def register(device_id) = ask("/api/v1/devices/register", deviceId: device_id)

      def revoke(device_id) = ask("/api/v1/devices/revoke", deviceId: device_id)

      def unrevoke(device_id) = ask("/api/v1/devices/unrevoke", deviceId: device_id)

      # Changes the plan: planTier, planState, executionEnabled.
      def plan(**changes) = ask("/emulator/plan", **changes)

      # ---- What happens to a service

      # Answers all requests, or the next few, with this HTTP status, until recover.
      def outage(http_status = 503, requests: nil)
        ask("/emulator/outage", **{ httpStatus: http_status, requests: requests }.compact)
      end

      # Ends an outage.
      def recover = ask("/emulator/outage")

      # Forgets the devices, ends an outage, and restores the plan.
      def reset = ask("/emulator/reset")

      # Stops answering without closing anything, until resume: calls time out.
      def pause
        Process.kill(:STOP, @output.pid)
        # The signal is on its way until the system says that all threads have stopped.
        Process.wait(@output.pid, Process::WUNTRACED)
        nil
      end

      def resume
        Process.kill(:CONT, @output.pid)
        nil
      end

      # Sends a POST to the emulator, and returns its reply.
      def ask(path, **body)
        uri = URI(@url)
        http = Net::HTTP.new(uri.host, uri.port, nil) # without a proxy
        http.read_timeout = PATIENCE_S
        headers = { "x-org-key" => @org_key, "Content-Type" => "application/json" }
        reply = http.post(path, JSON.generate(body), headers)
        return JSON.parse(reply.body) if reply.is_a?(Net::HTTPSuccess)

        raise "the emulator answers #{path} with HTTP #{reply.code}: #{reply.body}"
      end

      # Ends the emulator: connections are refused. It may be called any number of times.
      def stop
        return unless @is_running

        @is_running = false
        begin
          Process.kill(:CONT, @output.pid)
          Process.kill(:TERM, @output.pid)
        rescue Errno::ESRCH
          nil # It has ended by itself.
        end
        @output.close
      end

      private

      def first_line
        line = @output.gets.to_s.strip if @output.wait_readable(PATIENCE_S)
        prefix = "listening on "
        return line.delete_prefix(prefix) if line&.start_with?(prefix)

        raise "machineid-emulator did not start; it said: #{line.to_s.empty? ? "nothing" : line}"
      end

      def found(program)
        program ||= ENV["MACHINEID_EMULATOR"]
        program ||= ENV.fetch("PATH", "").split(":").map { |folder| File.join(folder, "machineid-emulator") }
                       .find { |file| File.executable?(file) }
        return program if program

        raise Errno::ENOENT, "machineid-emulator is not on PATH: install the package machineid-emulator, or set " \
                             "MACHINEID_EMULATOR to the program"
      end
    end
  end
end
