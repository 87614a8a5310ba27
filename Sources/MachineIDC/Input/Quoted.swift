internal import CPlatform

/// What a caller wrote, for a message: unless it may be an org key, put there by mistake. Messages end up in logs.
func quoted(_ text: UnsafePointer<CChar>?) -> UnsafePointer<CChar> {
    guard let text else { return Literal("").cString }
    return strstr(text, Literal("org_").cString) == nil ? text : Literal("(it looks like an org key)").cString
}

/// The same for the name of an environment variable, which is written in capitals where it is one.
func quoted(variable name: UnsafePointer<CChar>) -> UnsafePointer<CChar> {
    let capitals: Literal = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"
    return name[strspn(name, capitals.cString)] == 0 ? name : Literal("the variable that env_var names").cString
}
