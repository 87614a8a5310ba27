internal import CPlatform

// The JSON of a failure: one fixed shape, so that a host can log `code` and `request_id` without caring who spoke.
extension Failure {
    /// malloc'd, or the one static text there is when memory has run out. Given back with `freeJSON`.
    /// `isWhole` is false for the latter.
    func json() -> (text: UnsafeMutablePointer<CChar>, isWhole: Bool) {
        // CLIENT_ in place of MID_, so that nobody takes it for a code of the authority.
        let code: Message = "CLIENT_\(status.name.cString + 4)"
        var object = JSONObject()
        object.setFalse("allowed")
        object.set("code", code)
        object.setNull("request_id")
        object.set("message", message)
        code.discard()
        guard var text = object.text(), let json = text.take() else { return (lastResort, false) }
        return (json, true)
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
