internal import CPlatform

// The JSON of a failure: one fixed shape, so that a host can log `code` and `request_id` without caring who spoke.
extension Failure {
    /// The text, malloc'd, or the one static text there is when memory has run out, which is given back with `freeJSON`; and
    /// the status that it speaks of, which a caller is to be given with it.
    func json() -> (text: UnsafeMutablePointer<CChar>, status: Status) {
        // CLIENT_ in place of MID_, so that nobody takes it for a code of the authority.
        let code: Message = "CLIENT_\(status.name.cString + 4)"
        var object = JSONObject()
        object.setFalse("allowed")
        object.set("code", code)
        object.setNull("request_id")
        object.set("message", message)
        let areWhole = !code.isEmpty && !message.isEmpty
        code.discard()
        guard areWhole, var text = object.text(), let json = text.take() else { return (lastResort, .outOfMemory) }
        return (json, status)
    }

    static func freeJSON(_ json: UnsafeMutablePointer<CChar>?) {
        if json != lastResort { free(json) }
    }
}

private var lastResort: UnsafeMutablePointer<CChar> {
    let text: Literal =
        #"{"allowed":false,"code":"CLIENT_OUT_OF_MEMORY","request_id":null,"message":"out of memory"}"#
    return UnsafeMutablePointer(mutating: text.cString)
}
