internal import CPlatform

/// The value of an environment variable; nil when it is not set or holds only white space. Also nil in a program with
/// elevated privileges, because the user who starts such a program could control it through variables.
func environment(_ name: Literal) -> UnsafePointer<CChar>? {
    guard let value = platform_getenv(name.cString), !isOnlyWhiteSpace(value) else { return nil }
    return value
}

/// Whether this program has privileges that the user who started it does not have: it is set-user-ID or set-group-ID,
/// or has file capabilities. This is what the kernel reports (AT_SECURE).
func hasElevatedPrivileges() -> Bool { getauxval(UInt(AT_SECURE)) != 0 }
