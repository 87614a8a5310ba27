internal import CCurl

/// Sets options of an easy handle one after another, and remembers the first failure.
struct EasyOptions {
    let handle: UnsafeMutableRawPointer
    private var code = CURLE_OK

    init(_ handle: UnsafeMutableRawPointer) { self.handle = handle }

    /// Records a failure, if it is the first one.
    mutating func check(_ result: CURLcode) {
        if code == CURLE_OK { code = result }
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        check(ccurl_set_long(handle, option, value))
    }

    mutating func set(_ option: CURLoption, text value: Literal) {
        check(ccurl_set_string(handle, option, value.cString))
    }

    mutating func set(_ option: CURLoption, text value: UnsafePointer<CChar>?) {
        check(ccurl_set_string(handle, option, value))
    }

    mutating func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer?) {
        check(ccurl_set_pointer(handle, option, value))
    }

    /// Throws the first failure.
    func finish() throws(Failure) {
        if code == CURLE_OK { return }
        if code == CURLE_OUT_OF_MEMORY { throw .outOfMemory }
        throw Failure(.internal, "libcurl refused an option: \(curl_easy_strerror(code))")
    }
}
