internal import CPlatform

/// What a caller wrote, for a message: unless it may be an org key, put there by mistake. Messages end up in logs.
func quoted(_ text: UnsafePointer<CChar>) -> UnsafePointer<CChar> {
    strstr(text, Literal("org_").cString) == nil ? text : Literal("(it looks like an org key)").cString
}
