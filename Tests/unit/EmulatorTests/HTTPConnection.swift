import Foundation
import TestSupport
import Testing

/// A TCP connection on which a test may speak HTTP/1.1 correctly or incorrectly.
final class HTTPConnection {
    private let descriptor: CInt
    private let server: AnyObject?
    private var received: [UInt8] = []

    /// Connects to a port of 127.0.0.1. The result is nil if nothing listens there.
    init?(port: UInt16, keeping server: AnyObject? = nil) throws {
        self.server = server
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        // A test whose reply never comes fails instead of hanging.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 {
            // ECONNRESET: the listener was there when the handshake began, and gone when it ended.
            try #require(errno == ECONNREFUSED || errno == ECONNRESET)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// Sends a request and reads its reply.
    func ask(
        _ method: String, _ path: String, _ body: String? = nil, key: String? = "org_a",
        type: String = "application/json"
    ) throws -> HTTPReply {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: emulator\r\n"
        if let key { head += "x-org-key: \(key)\r\n" }
        if let body { head += "Content-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n" }
        try send(head + "\r\n" + (body ?? ""))
        return try #require(try receive(hasBody: method != "HEAD"))
    }

    func send(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            try #require(sent > 0, "the emulator closed the connection during a request")
            rest = rest.dropFirst(sent)
        }
    }

    /// The next reply, or nil when the emulator has closed the connection.
    func receive(hasBody: Bool = true) throws -> HTTPReply? {
        let end = Array("\r\n\r\n".utf8)
        var found = received.firstRange(of: end)
        while found == nil {
            if try !receiveMore() { return nil }
            found = received.firstRange(of: end)
        }
        let headEnd = try #require(found)
        var reply = try #require(HTTPReply(head: String(decoding: received[..<headEnd.lowerBound], as: UTF8.self)))
        received.removeSubrange(..<headEnd.upperBound)
        let length = hasBody ? Int(reply.headers["content-length"] ?? "") ?? 0 : 0
        while received.count < length {
            try #require(try receiveMore(), "the emulator closed the connection during a reply")
        }
        reply.body = String(decoding: received.prefix(length), as: UTF8.self)
        received.removeFirst(length)
        return reply
    }

    private func receiveMore() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0 { try #require(errno == ECONNRESET, "no reply in time") }
        if count <= 0 { return false }
        received += buffer[..<count]
        return true
    }
}

extension EmulatorProcess {
    /// Makes a connection that keeps the emulator running.
    func connect() throws -> HTTPConnection { try #require(try HTTPConnection(port: port, keeping: self)) }
}

struct HTTPReply {
    let status: Int
    /// The keys are the names in lower case.
    let headers: [String: String]
    var body = ""

    init?(head: String) {
        let lines = head.components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count > 1, words[0] == "HTTP/1.1", let status = Int(words[1]) else { return nil }
        self.status = status
        let fields = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        headers = Dictionary(fields, uniquingKeysWith: { "\($0), \($1)" })
    }

    /// A value of the JSON object in the body.
    subscript(key: String) -> (any Sendable)? {
        let object = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: any Sendable]
        return object?[key]
    }
}
