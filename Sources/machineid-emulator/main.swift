import Glibc

do throws(Failure) {
    switch try Arguments.read(CommandLine.arguments.dropFirst()) {
    case .help: write(help, to: STDOUT_FILENO)
    case .version: write("machineid-emulator \(version)\n", to: STDOUT_FILENO)
    case .serve(let arguments): try serve(arguments)
    }
} catch {
    write("machineid-emulator: \(error.message)\n", to: STDERR_FILENO)
    exit(error.status)
}
