internal import CPlatform

// The JSON of a failure. It has one fixed shape, so that a host can log `code` and `request_id` whether the authority
// or this library reports.
extension Failure {
    /// The text, to be freed with `freeJSON`, and the status to return with it. The text is malloc'd; when memory has
    /// run out, it is a static text and the status is `outOfMemory`.
    func json() -> (text: UnsafeMutablePointer<CChar>, status: Status) {
        // CLIENT_ replaces MID_, so that the code cannot be mistaken for one of the authority's.
        let code: Message = "CLIENT_\(status.name.cString + 4)"
        var object = JSONObject()
        object.setFalse("allowed")
        object.set("code", code)
        object.setNull("request_id")
        object.set("message", message)
        let areWhole = !code.isEmpty && !message.isEmpty
        code.destroy()
        guard areWhole, var text = object.text(), let json = text.take() else { return (lastResort, .outOfMemory) }
        return (json, status)
    }

    /// Frees a text from `json()`, or any other malloc'd text. Has no effect on the static text and on NULL.
    static func freeJSON(_ json: UnsafeMutablePointer<CChar>?) {
        if json != lastResort { free(json) }
    }
}

/// The static text for a failure that there is no memory to describe. Never written to.
private var lastResort: UnsafeMutablePointer<CChar> {
    let text: Literal =
        #"{"allowed":false,"code":"CLIENT_OUT_OF_MEMORY","request_id":null,"message":"out of memory"}"#
    return UnsafeMutablePointer(mutating: text.cString)
}
