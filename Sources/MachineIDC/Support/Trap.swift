internal import CPlatform

/// Where every trap of Swift's ends up in a release build (`-trap-function` in Package.swift): rather one line and an
/// abort than a SIGILL without a word. No input leads here; `script/check-abi` lists who could.
@_cdecl("mid_trap") @used
func trap() -> Never {
    let text = Literal("libmachineid: internal error, please report it\n").cString
    _ = write(STDERR_FILENO, text, strlen(text))
    abort()
}
