# frozen_string_literal: true

begin
  require "fiddle"
rescue LoadError
  raise LoadError, "libmachineid needs fiddle, which this Ruby (#{RUBY_PLATFORM}) was built without: " \
                   "install libffi's headers and build Ruby again, or run gem install fiddle"
end
require "rbconfig"

module MachineID
  # Loads libmachineid, and declares what machineid.h declares.
  #
  # A gem for Linux has two libraries inside, for glibc and for musl, in the folder native. Where that folder is
  # missing, as in the gem for all other platforms, the system's library is loaded by its soname.
  #
  # Fiddle is in every Ruby, so one gem serves all versions, and nothing has to be compiled. It releases the
  # interpreter's lock during a call, unless it is told to keep it, and holds no lock of its own that a child of fork
  # could find held.
  module Native
    SONAME = "libmachineid.so.0"
    INSIDE = File.join(__dir__, "native")

    # The library inside this gem for the C library that Ruby was built for; nil where the gem has none.
    def self.inside(folder = INSIDE, host_os = RbConfig::CONFIG["host_os"])
      File.join(folder, host_os.include?("musl") ? "musl" : "glibc", SONAME) if File.directory?(folder)
    end

    # Loads a file, or the system's library. Otherwise says in one sentence what is missing, and where.
    def self.load(file)
      Fiddle.dlopen(file || SONAME)
    rescue Fiddle::DLError => e
      raise LoadError.new(file ? does_not_load(e) : there_is_none(e)), cause: nil
    end

    def self.does_not_load(error)
      "the #{SONAME} inside this gem does not load here, on #{RUBY_PLATFORM}: #{error.message}. Install the gem for " \
        "this platform: gem and bundle choose it by themselves, unless a file is named or another platform is given"
    end

    def self.there_is_none(error)
      "there is no #{SONAME} for #{RUBY_PLATFORM}: #{error.message}. This gem has no library inside: install the gem " \
        "for x86_64-linux or aarch64-linux, each of which has one for glibc and one for musl; or install " \
        "libmachineid where the loader finds it"
    end
    private_class_method :does_not_load, :there_is_none

    LIBRARY = load(inside)

    # Declares a function that may wait: other threads go on meanwhile.
    def self.waits(name, *arguments, returns: Fiddle::TYPE_INT32_T, need_gvl: false)
      function = Fiddle::Function.new(symbol(name.to_s), arguments, returns, name: name.to_s, need_gvl: need_gvl)
      define_singleton_method(name) { |*given| function.call(*given) }
    end

    def self.symbol(name)
      LIBRARY[name]
    rescue Fiddle::DLError
      raise LoadError.new("the #{SONAME} that was loaded has no #{name}: it is older than this gem, and a later " \
                          "version of libmachineid has it"), cause: nil
    end

    # Declares a function that returns at once. It keeps the interpreter's lock, because a thread that released it could
    # wait for it much longer than the function takes.
    def self.looks(name, *arguments, returns:) = waits(name, *arguments, returns: returns, need_gvl: true)
    private_class_method :waits, :looks, :symbol

    # A text that the library keeps; one that the caller frees is a VOIDP, as are handles and places for results.
    text = Fiddle::TYPE_CONST_STRING
    pointer = Fiddle::TYPE_VOIDP

    looks :mid_version, returns: text
    looks :mid_build_info, returns: text
    looks :mid_status_name, Fiddle::TYPE_INT32_T, returns: text
    looks :mid_free, pointer, returns: Fiddle::TYPE_VOID
    looks :mid_guard_allowed, pointer, returns: Fiddle::TYPE_INT
    waits :mid_client_new, text, text, pointer, pointer
    waits :mid_client_from_env, text, pointer, pointer
    %i[mid_client_cancel mid_client_free mid_guard_stop].each { |name| waits name, pointer, returns: Fiddle::TYPE_VOID }
    waits :mid_validate, pointer, text, pointer, pointer
    waits :mid_validate_many, pointer, pointer, Fiddle::TYPE_SIZE_T, pointer, pointer
    %i[register revoke unrevoke restore remove].each { |name| waits :"mid_#{name}", pointer, text, pointer }
    %i[mid_list_devices mid_usage mid_client_stats].each { |name| waits name, pointer, pointer }
    waits :mid_guard_start, pointer, text, text, pointer, pointer
    waits :mid_guard_fd, pointer, returns: Fiddle::TYPE_INT
    waits :mid_guard_wait, pointer, Fiddle::TYPE_INT32_T
    waits :mid_guard_decision, pointer, pointer, pointer

    # Memory of its own for so many bytes, all 0. A String would not do: the collector may move it during a call.
    def self.memory(size)
      memory = Fiddle::Pointer.malloc(size, Fiddle::RUBY_FREE)
      memory[0, size] = "\0" * size
      memory
    end

    # A place for a pointer that the library sets.
    def self.place = memory(Fiddle::SIZEOF_VOIDP)

    # Runs a block that may wait. Under a fiber scheduler, such as that of Async, it runs in a thread, for which the
    # scheduler waits without standing still.
    def self.waiting(&block)
      return yield unless Fiber.respond_to?(:current_scheduler) && Fiber.current_scheduler

      thread = Thread.new(&block)
      thread.report_on_exception = false
      thread.value
    end
  end
  private_constant :Native
end
