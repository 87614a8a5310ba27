internal import CPlatform

/// The value of an environment variable; nil when there is nothing in it but white space, and in a program with elevated
/// privileges, which whoever starts it could make do things by variables.
func environment(_ name: Literal) -> UnsafePointer<CChar>? {
    guard let value = platform_getenv(name.cString), !isBlank(value) else { return nil }
    return value
}

/// Whether this program has privileges that whoever started it has not: it is set-user-ID or set-group-ID, or has file
/// capabilities. The kernel says so.
func hasElevatedPrivileges() -> Bool { getauxval(UInt(AT_SECURE)) != 0 }
