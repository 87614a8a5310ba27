// Fuzzes the options that a caller may give. Accepted options must be safe to work with, and refused ones must have a
// reason.

import Foundation

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOptions(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
    var text = [CChar](repeating: 0, count: size + 1)
    for index in 0..<size { text[index] = CChar(bitPattern: data[index]) }
    do throws(Failure) {
        try ProcessSetup.run()
        let settings = try Settings(orgKey: Literal("org_fuzz").cString, options: text)
        precondition((1...3_600_000).contains(settings.timeout) && (1...3_600_000).contains(settings.connectTimeout))
        precondition((0...10).contains(settings.maxRetries) && (1...256).contains(settings.maxConnections))
        // The comparison is of bytes: in a String, "/" and an accent after it are one character.
        let url = settings.baseURL.text.pointer.map { String(cString: $0) } ?? ""
        precondition(
            settings.baseURL.isSecure ? url.utf8.starts(with: "https://".utf8) : isLoopback(url), "an unsafe base_url")
        precondition(url.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }, "a base_url with blanks")
        precondition(url.utf8.last != UInt8(ascii: "/"), "a base_url that ends with a slash")
        let header = settings.headers.connect.list.map { String(cString: $0.pointee.data) } ?? ""
        let agent = header.dropFirst("User-Agent: ".count)
        precondition(agent.utf8.contains { $0 != 0x20 }, "no user_agent")
        precondition(agent.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "a header in user_agent")
        // It must be possible to make a client from these settings.
        let client = try Client(settings)
        client.free()
    } catch {
        precondition(error.status == .invalidOptions, "options can only be invalid")
        error.message.destroy()
    }
    return 0
}

/// Checks the text itself, whereas the library asks libcurl.
private func isLoopback(_ url: String) -> Bool {
    let scheme = "http://".utf8
    guard url.utf8.starts(with: scheme) else { return false }
    let authority = String(decoding: url.utf8.dropFirst(scheme.count).prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self)
    let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
    return host == "[::1]" || host.lowercased() == "localhost"
        || host.wholeMatch(of: /127\.\d{1,3}\.\d{1,3}\.\d{1,3}/) != nil
}
