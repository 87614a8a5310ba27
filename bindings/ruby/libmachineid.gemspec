# frozen_string_literal: true

header = File.read(File.expand_path("../../include/machineid.h", __dir__))

Gem::Specification.new do |spec|
  spec.name = "libmachineid"
  spec.version = header[/^#define MID_VERSION "(.*)"$/, 1]
  # bindings/ruby/package sets it, for a gem with the library inside.
  spec.platform = ENV.fetch("LIBMACHINEID_PLATFORM", Gem::Platform::RUBY)
  spec.summary = "The client of the MachineID execution authority: asks whether a device may run, and fails closed"
  spec.description = "Register a device (an agent, a worker, a scheduler), validate it at each boundary, and guard a " \
                     "loop: anything but a complete, verified \"allowed\" is a no."
  spec.authors = ["The libmachineid authors"]
  spec.homepage = "https://machineid.io"
  spec.license = "MIT"
  spec.metadata = { "rubygems_mfa_required" => "true" }
  spec.required_ruby_version = ">= 3.0"
  # It is in every Ruby, but since Ruby 4.0 as a bundled gem, which has to be named.
  spec.add_runtime_dependency "fiddle", ">= 1.0.6"
  spec.files = Dir.chdir(__dir__) do
    Dir["lib/**/*", "sig/*", "README.md", "LICENSE"].reject { |name| File.directory?(name) }
  end
end
