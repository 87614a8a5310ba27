# frozen_string_literal: true

require_relative "helper"
require "net/http"
require "socket"
require "tmpdir"

# Children of fork, and servers that load the program before they fork.
class TestFork < AuthorityTest
  APPLICATION = <<~'RUBY'
    require "libmachineid"

    client = MachineID::Client.from_env
    client.validate!("agent") # so that the parent has a connection
    inherited = client.guard("agent")
    parent = Process.pid
    own = nil
    lock = Mutex.new

    run(lambda do |_env|
      lock.synchronize { own ||= client.guard("agent") }
      sleep 0.05 # so that other workers take the other requests
      answer = [Process.pid != parent, client.validate("agent"), inherited.allowed?, own.allowed?]
      [200, { "content-type" => "text/plain" }, ["#{Process.pid} #{answer.join(" ")}"]]
    end)
  RUBY

  def test_parent_and_children_use_a_client_at_the_same_time
    children = Array.new(4) { fork { exit!(Array.new(25) { client.validate(DEVICE) }.all?) } }
    assert(Array.new(50) { client.validate(DEVICE) }.all?)
    assert(children.map { |pid| Process.wait2(pid)[1].success? }.all?)
  end

  def test_forks_amid_calls_of_other_threads
    stop = false
    threads = Array.new(4) { Thread.new { [].tap { |answers| answers << client.validate(DEVICE) until stop } } }
    statuses = Array.new(20) { child { client.validate(DEVICE) && client.close.nil? } }
    stop = true
    assert_equal [0] * 20, statuses
    assert(threads.map(&:value).all? { |answers| answers.any? && answers.all? })
  end

  # The thread of the call does not exist in the child, and so keeps nothing there.
  def test_a_child_frees_a_client_that_another_thread_used
    authority.client(timeout_ms: 20_000) do |waiting|
      authority.pause
      thread = Thread.new { waiting.validate(DEVICE) }
      sleep 0.05
      handle = waiting.instance_variable_get(:@handle).instance_variable_get(:@release)
      freed = child { waiting.close || handle.instance_variable_get(:@pending).empty? }
      waiting.cancel
      thread.join
      assert_equal 0, freed
    end
  end

  def test_a_guard_is_off_in_a_child
    client.guard(DEVICE) do |guard|
      status = child do
        is_right = !guard.allowed? && guard.wait_until_off(0) && guard.decision.state == "ended"
        is_right &&= client.guard(DEVICE, &:allowed?)
        guard.stop
        client.close
        is_right
      end
      assert_equal 0, status
      assert_equal [true, true], [guard.allowed?, client.validate(DEVICE)]
    end
  end

  # At the end of the child, the interpreter frees what the parent made.
  def test_a_child_may_end_in_the_usual_way
    output, is_right = run_ruby(<<~RUBY, "-rlibmachineid")
      client = MachineID::Client.from_env
      guard = client.guard("agent")
      _, ended = Process.wait2(fork { client.validate!("agent") })
      puts ended.success? && guard.allowed? && client.validate("agent")
    RUBY
    assert_equal ["true\n", true], [output, is_right]
  end

  def test_threads_do_not_hold_up_the_end
    output, is_right = run_ruby(<<~RUBY, "-rlibmachineid")
      client = MachineID::Client.from_env
      guard = client.guard("agent")
      Thread.new { guard.wait_until_off }
      Thread.new { loop { client.validate("agent") } }
      sleep 0.1
    RUBY
    assert_equal ["", true], [output, is_right]
  end

  def test_puma_with_preload_app
    serve("puma", <<~RUBY)
      workers 3
      threads 2, 2
      preload_app!
      bind "unix://server.sock"
    RUBY
  end

  def test_unicorn_with_preload_app
    serve("unicorn", <<~RUBY)
      worker_processes 3
      preload_app true
      listen File.expand_path("server.sock")
    RUBY
  end

  private

  # Runs the application in a server of this name, and asks until all three workers have answered.
  def serve(name, configuration)
    programs = ENV.fetch("PATH").split(":").map { |folder| File.join(folder, name) }
    program = programs.find { |file| File.executable?(file) }
    skip("#{name} is not installed") unless program
    Dir.mktmpdir do |folder|
      File.write(File.join(folder, "config.ru"), APPLICATION)
      File.write(File.join(folder, "configuration.rb"), configuration)
      log = File.join(folder, "log")
      option = name == "puma" ? "--config" : "--config-file"
      environment = authority.environment.merge("RUBYLIB" => LIB)
      pid = spawn(environment, RbConfig.ruby, program, option, "configuration.rb", "config.ru",
                  chdir: folder, out: log, err: %i[child out])
      begin
        workers = answers(File.join(folder, "server.sock"), log)
        assert_equal 3, workers.length
        assert_equal ["true true false true"], workers.values.flatten.uniq
      ensure
        Process.kill(:QUIT, pid) if name == "unicorn"
        Process.kill(:TERM, pid) if name == "puma"
        Process.wait(pid)
      end
    end
  end

  # What each worker said, by its process id.
  def answers(socket, log)
    workers = Hash.new { |hash, pid| hash[pid] = [] }
    assert(eventually? { File.socket?(socket) && ask(socket) }, -> { File.read(log) })
    assert(eventually? do
      said = Array.new(12) { Thread.new { ask(socket) } }.filter_map(&:value)
      said.map { |answer| answer.split(" ", 2) }.each { |pid, rest| workers[pid] << rest }
      workers.length == 3
    end, -> { File.read(log) })
    workers
  end

  # The body of the server's answer; nil where it has not begun to listen.
  def ask(socket)
    UNIXSocket.open(socket) do |connection|
      connection.write("GET / HTTP/1.0\r\n\r\n")
      connection.read.split("\r\n\r\n", 2)[1]
    end
  rescue Errno::ECONNREFUSED, Errno::ECONNRESET
    nil
  end
end
