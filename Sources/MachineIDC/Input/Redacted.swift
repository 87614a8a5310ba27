internal import CPlatform

/// A text of the caller's for use in a message, unless it may be an org key that was put there by mistake. Messages end
/// up in logs.
func redacted(_ text: UnsafePointer<CChar>?) -> UnsafePointer<CChar> {
    guard let text else { return Literal("").cString }
    return holds(text, "org_") ? Literal("(it looks like an org key)").cString : text
}

/// The name of an environment variable for use in a message. Such names are in capitals; any other text may be an org
/// key by mistake and is not shown.
func redacted(variable name: UnsafePointer<CChar>) -> UnsafePointer<CChar> {
    let capitals: Literal = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"
    return name[strspn(name, capitals.cString)] == 0 ? name : Literal("the variable that env_var names").cString
}
