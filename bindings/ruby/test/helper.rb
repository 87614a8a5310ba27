# frozen_string_literal: true

require "etc"
require "minitest/autorun"
require "open3"
require "rbconfig"
require "libmachineid/testing"

# What the tests share.
class AuthorityTest < Minitest::Test
  DEVICE = "agent"
  SLACK_S = Float(ENV.fetch("CHECK_SLACK_MS", "1000")) / 1000
  PATIENCE_S = 30
  # The folder of the sources that are being tested.
  LIB = File.dirname($LOADED_FEATURES.find { |file| file.end_with?("/libmachineid.rb") })

  attr_reader :authority, :client

  # Each test has an emulator with the device, and a client of it.
  def setup
    @authority = MachineID::Testing::Emulator.new
    authority.register(DEVICE)
    @client = authority.client
  end

  def teardown
    client.close
    authority.stop
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  # Waits until the block is true, and returns whether it is.
  def eventually?
    deadline = now + PATIENCE_S
    until yield
      return false if now > deadline

      sleep 0.005
    end
    true
  end

  # Sets environment variables during a block; nil unsets one.
  def with_environment(variables)
    before = variables.to_h { |name, _| [name, ENV[name]] }
    ENV.update(variables)
    yield
  ensure
    ENV.update(before)
  end

  # Runs a program in a new interpreter that finds the sources, and returns what it printed, and whether it ended
  # with 0.
  def run_ruby(program, *options, **variables)
    environment = authority.environment.merge(variables.transform_keys(&:to_s))
    command = [RbConfig.ruby, "-w", "-I", LIB, *options, "-e", program]
    output, ended = Open3.capture2e(environment, *command)
    [output, ended.success?]
  end

  # The status with which a child of fork ended, after exit!(block).
  def child
    _, ended = Process.wait2(fork { exit!(yield ? 0 : 1) })
    ended.exitstatus || "signal #{ended.termsig}"
  end

  # How many threads of guards this process has.
  def guard_threads
    Dir["/proc/self/task/*/comm"].count do |file|
      File.read(file) == "machineid-guard\n"
    rescue SystemCallError
      false # It has ended.
    end
  end

  # The memory of this process.
  def resident_kib = File.read("/proc/self/statm").split[1].to_i * Etc.sysconf(Etc::SC_PAGESIZE) / 1024

  def skip_unless_long
    skip("this takes long: CHECK_LONG=yes") unless ENV["CHECK_LONG"]
  end
end
