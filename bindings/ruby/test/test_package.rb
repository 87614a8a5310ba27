# frozen_string_literal: true

require_relative "helper"
require "fileutils"
require "tmpdir"

# The gem itself: the library that it loads, what it says where there is none, and the memory that it takes.
class TestPackage < AuthorityTest
  NATIVE = MachineID.send(:const_get, :Native)
  ABSENT = "there is no libmachineid.so.0 for #{RUBY_PLATFORM}: "
  OTHER = "the libmachineid.so.0 inside this gem does not load here, on #{RUBY_PLATFORM}: "

  # Copies the sources to another folder, with this text in place of the library for glibc, and returns the folder.
  def copied(folder, library)
    FileUtils.cp_r(Dir[File.join(LIB, "*")], folder)
    inside = File.join(folder, "libmachineid", "native")
    FileUtils.rm_rf(inside)
    return folder unless library

    file = NATIVE.inside(FileUtils.mkdir_p(inside)[0])
    FileUtils.mkdir_p(File.dirname(file))
    File.write(file, library)
    folder
  end

  # The sentence of the LoadError that ends the loading of the sources in a folder.
  def sentence(folder, **variables)
    program = 'begin; require "libmachineid"; puts MachineID::VERSION; rescue LoadError => e; puts e.message; end'
    environment = variables.transform_keys(&:to_s)
    Open3.capture2e(environment, RbConfig.ruby, "-w", "--disable-gems", "-I", folder, "-e", program)[0].chomp
  end

  def test_without_a_library_the_sentence_names_the_platform_and_the_remedy
    Dir.mktmpdir do |folder|
      said = sentence(copied(folder, nil), LD_LIBRARY_PATH: nil)
      skip("libmachineid is installed here") if said == MachineID::VERSION
      assert said.start_with?(ABSENT), said
      assert_equal 1, said.lines.length
      assert_includes said, "install the gem for x86_64-linux or aarch64-linux"
      assert_includes said, "or install libmachineid where the loader finds it"
    end
  end

  def test_a_library_for_another_platform
    Dir.mktmpdir do |folder|
      said = sentence(copied(folder, "\x7fELF no library"))
      assert said.start_with?(OTHER), said
      assert_includes said, "Install the gem for this platform"
    end
  end

  def test_the_library_of_the_system_is_used_where_none_is_inside
    skip("this gem has no library inside") unless NATIVE.inside
    Dir.mktmpdir do |folder|
      copied(folder, nil)
      assert_equal MachineID::VERSION, sentence(folder, LD_LIBRARY_PATH: File.dirname(NATIVE.inside))
    end
  end

  def test_the_library_is_that_for_the_libc_of_ruby
    Dir.mktmpdir do |folder|
      found = %w[linux-gnu linux linux-musl].map { |os| NATIVE.inside(folder, os).delete_prefix("#{folder}/") }
      assert_equal %w[glibc/libmachineid.so.0 glibc/libmachineid.so.0 musl/libmachineid.so.0], found
    end
    assert_nil NATIVE.inside("/nowhere", "linux-gnu")
  end

  def test_nothing_is_printed_and_no_thread_is_started
    output, is_right = run_ruby('puts Thread.list.length, Dir["/proc/self/task/*"].length', "-rlibmachineid")
    plain, = run_ruby('puts Thread.list.length, Dir["/proc/self/task/*"].length')
    assert_equal [plain, true], [output, is_right]
  end

  def test_the_emulator_says_how_to_get_it
    with_environment("PATH" => "/nowhere", "MACHINEID_EMULATOR" => nil) do
      error = assert_raises(Errno::ENOENT) { MachineID::Testing::Emulator.new }
      assert_includes error.message, "install the package machineid-emulator"
    end
    error = assert_raises(RuntimeError) { MachineID::Testing::Emulator.new(program: "/bin/true") }
    assert_includes error.message, "did not start; it said: nothing"
  end

  def test_memory_after_ten_thousand_calls
    skip_unless_long
    ask = lambda do |count|
      count.times do |n|
        client.validate(n.even? ? DEVICE : "never")
        client.validate!(DEVICE)
        next unless (n % 100).zero?

        client.partition([DEVICE, "never"])
        client.guard(DEVICE, &:decision)
        authority.client { |own| own.validate(DEVICE) }
      end
      GC.start
    end
    ask.(1000)
    before = resident_kib
    ask.(9000)
    after = resident_kib
    puts "", "resident: #{before} KiB after 1,000 calls, #{after} KiB after 10,000"
    assert_operator after, :<=, before + 512
  end
end
