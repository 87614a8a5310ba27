internal import CPlatform

/// Every trap of Swift's runtime and of compiled checks ends here in a release build (`-trap-function` in
/// Package.swift): one line of text and an abort, instead of a SIGILL without a message. No input leads here;
/// `script/check-abi` lists the functions that contain traps.
@_cdecl("mid_trap") @used
func trap() -> Never {
    let text = Literal("libmachineid: internal error, please report it\n").cString
    _ = write(STDERR_FILENO, text, strlen(text))
    abort()
}
