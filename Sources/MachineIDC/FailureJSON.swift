internal import CPlatform

// The JSON of a failure: one fixed shape, so that a host can log `code` and `request_id` without caring who spoke.
extension Failure {
    /// malloc'd, or the one static text there is when memory has run out. Given back with `freeJSON`.
    func json() -> UnsafeMutablePointer<CChar> {
        var object = JSONObject()
        object.setFalse("allowed")
        object.set("code", status.code)
        object.setNull("request_id")
        object.set("message", message)
        guard var text = object.text(), let json = text.take() else { return lastResort }
        return json
    }

    static func freeJSON(_ json: UnsafeMutablePointer<CChar>?) {
        if json != lastResort { free(json) }
    }
}

private var lastResort: UnsafeMutablePointer<CChar> {
    let text: StaticString =
        #"{"allowed":false,"code":"CLIENT_OUT_OF_MEMORY","request_id":null,"message":"out of memory"}"#
    return UnsafeMutablePointer(mutating: text.cString)
}
