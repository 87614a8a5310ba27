import Testing

@testable import MachineIDC

/// Reads lines of a head up to the first fault. Returns that fault, and the head as it was then.
private func read(ending: String = "\r\n", _ lines: [String]) -> (fault: HeadFault?, head: ReplyHead) {
    var head = ReplyHead()
    for line in lines {
        let bytes = Array((line + ending).utf8).map { CChar(bitPattern: $0) }
        if let fault = head.take(bytes, count: bytes.count) { return (fault, head) }
    }
    return (nil, head)
}

private func fault(_ lines: String...) -> HeadFault? { read(lines).fault }

private func head(_ lines: String...) -> ReplyHead { read(lines).head }

extension HeadFault: Equatable {
    public static func == (one: HeadFault, other: HeadFault) -> Bool {
        switch (one, other) {
        case (.tooLarge, .tooLarge), (.tooManyLines, .tooManyLines), (.statusLine, .statusLine),
            (.switchedProtocol, .switchedProtocol), (.malformedLine, .malformedLine),
            (.ambiguousLength, .ambiguousLength), (.transferEncoding, .transferEncoding),
            (.malformedChunk, .malformedChunk):
            true
        case (.contentEncoding(let one), .contentEncoding(let other)): one.cString == other
        default: false
        }
    }
}

@Suite struct ReplyHeadTests {
    @Test(arguments: [
        "HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 204 D'accord, \u{e7}a va",
        "HTTP/1.1 999 Odd", "HTTP/1.1 200  two spaces",
    ])
    func aValidStatusLineIsAccepted(_ line: String) {
        #expect(fault(line, "") == nil)
        #expect(read(ending: "\n", [line, ""]).fault == nil)
        #expect(head(line, "").isComplete)
    }

    @Test(arguments: [
        "", " ", "HTTP/1.1 200OK", "http/1.1 200 OK", "HTTP/1.1 200.5 OK", "HTTP/1.1 200-OK",
        "HTTP/2 200 OK", "HTTP/2.0 200 OK",
        "HTTP/1.1 2000 OK", "HTTP/1.1 20 OK", "HTTP/1.1 +20 OK", "HTTP/1.1 0x2 OK", "HTTP/1.1\t200 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 200\tOK", "HTTP/1.2 200 OK", "HTTP/0.9 200 OK", "HTTP/1.10 200 OK", "HTTP/01.1 200 OK",
        " HTTP/1.1 200 OK",
        "HTTP/1.1 000 OK", "HTTP/1.1 099 OK", "HTTP/1.1 OK", "HTTP/1.1", "HTTP/1. 200 OK", "HTTP /1.1 200 OK",
        "ICY 200 OK",
        "RTSP/1.0 200 OK", "200 OK", "HTTP/1.1 200\0 OK", "HTTP/1.1 200 O\0K", "HTTP/1.1 200 O\rK", "HTTP/1.1 200\r\r",
        "HTTP/1.1 \u{662}00 OK", "Content-Length: 83",
    ])
    func anyOtherStatusLineIsRefused(_ line: String) {
        #expect(fault(line) == .statusLine)
        #expect(fault("HTTP/1.1 103 Early Hints", "", line) == .statusLine)
    }

    @Test func theStatusIsThatOfTheLastHead() {
        #expect(head("HTTP/1.1 403 Forbidden").status == 403)
        #expect(head("HTTP/1.1 103 Early Hints", "", "HTTP/1.1 200 OK", "").status == 200)
        #expect(fault("HTTP/1.1 101 Switching Protocols") == .switchedProtocol)
    }

    @Test(arguments: [
        "nonsense", ": value", " folded", "\tfolded", "X-A : 1", "X A: 1", "X-A: a\0b", "X-A: a\rb", "X\u{e4}: 1",
        "X\0: 1",
        "HTTP/1.1 200 OK",
    ])
    func aLineThatIsNotAHeaderIsRefused(_ line: String) {
        #expect(fault("HTTP/1.1 200 OK", line) == .malformedLine)
        #expect(fault("HTTP/1.1 103 Early Hints", "", "HTTP/1.1 200 OK", line) == .malformedLine)
    }

    @Test(arguments: [
        "Content-Length: 83", "content-length:83", "CONTENT-LENGTH:\t83  ", "Content-Length: 0", "Content-Length: 0083",
        "Content-Length: 999999999999999999", "Content-Lengthy: x", "Content-Type: application/json",
        "X: Content-Length: x",
        "X-A:", "X-A: Z\u{fc}rich",
    ])
    func aValidHeaderIsAccepted(_ line: String) {
        #expect(fault("HTTP/1.1 200 OK", line, "") == nil)
    }

    @Test(arguments: [
        "", " ", "83 83", "83, 83", "+83", "-1", "83.0", "83 bytes", "0x53", "8 3", "1000000000000000000",
        "18446744073709551699", "eighty", "\u{665}",
    ])
    func anyOtherLengthIsDoubtful(_ value: String) {
        #expect(fault("HTTP/1.1 200 OK", "Content-Length: \(value)", "") == .ambiguousLength)
    }

    @Test func lengthsMustAgreeWithinAHead() {
        #expect(fault("HTTP/1.1 200 OK", "Content-Length: 83", "Content-Length: 83") == nil)
        #expect(fault("HTTP/1.1 200 OK", "Content-Length: 83", "Content-Length: 083") == nil)
        #expect(fault("HTTP/1.1 200 OK", "Content-Length: 83", "content-length: 84") == .ambiguousLength)
    }

    @Test func aLengthAndChunksAreDoubtfulInAnyOrder() {
        let (length, chunked) = ("Content-Length: 83", "Transfer-Encoding: chunked")
        #expect(fault("HTTP/1.1 200 OK", length, chunked, "") == .ambiguousLength)
        #expect(fault("HTTP/1.1 200 OK", chunked, length, "") == .ambiguousLength)
        #expect(fault("HTTP/1.0 200 OK", chunked, "") == .transferEncoding)
    }

    @Test(arguments: [
        "gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "rot13", "chunked;q=1", "", "chunke",
    ])
    func anyTransferEncodingButChunkedIsRefused(_ value: String) {
        #expect(fault("HTTP/1.1 200 OK", "Transfer-Encoding: \(value)") == .transferEncoding)
        #expect(fault("HTTP/1.1 200 OK", "TRANSFER-ENCODING:\(value)") == .transferEncoding)
        #expect(
            fault("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: \(value)") == .transferEncoding)
    }

    @Test func chunkedIsAcceptedOnceInAnyCase() {
        #expect(fault("HTTP/1.1 200 OK", "transfer-encoding:  Chunked ", "") == nil)
        #expect(
            fault("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") == .transferEncoding)
    }

    @Test func aContentEncodingIsRefusedByName() {
        #expect(fault("HTTP/1.1 200 OK", "Content-Encoding: identity", "") == nil)
        #expect(fault("HTTP/1.1 200 OK", "Content-Encoding: gzip") == .contentEncoding("gzip"))
        #expect(fault("HTTP/1.1 200 OK", "CONTENT-ENCODING: X-GZIP") == .contentEncoding("gzip"))
        #expect(fault("HTTP/1.1 200 OK", "content-encoding:br") == .contentEncoding("br"))
        #expect(fault("HTTP/1.1 200 OK", "Content-Encoding: gzip, br") == .contentEncoding("that is not known"))
        #expect(fault("HTTP/1.1 200 OK", "Content-Encoding: org_secret") == .contentEncoding("that is not known"))
    }

    @Test func aReplyIsFramedByALengthOrByChunks() {
        #expect(head("HTTP/1.1 200 OK", "Content-Length: 0").isFramed)
        #expect(head("HTTP/1.1 200 OK", "transfer-encoding:  Chunked ").isFramed)
        #expect(!head("HTTP/1.1 200 OK", "Content-Type: application/json").isFramed)
        #expect(!head("HTTP/1.1 103 Early Hints", "Link: </a>", "", "HTTP/1.1 200 OK").isFramed)
    }

    @Test func aHeadIsCompleteWithItsEmptyLine() {
        #expect(!head("HTTP/1.1 200 OK", "Content-Length: 2").isComplete)
        #expect(head("HTTP/1.1 200 OK", "Content-Length: 2", "").isComplete)
        #expect(!head("HTTP/1.1 100 Continue", "").isComplete)
        #expect(!head("HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK").isComplete)
        #expect(head("HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK", "").isComplete)
        #expect(!read(ending: "", ["HTTP/1.1 200 OK"]).head.isComplete)
        #expect(read(ending: "", ["HTTP/1.1 200 OK", "Content-Length: 2\r\n"]).fault == .malformedLine)
    }

    @Test func aReplyIsWholeWithAsManyBytesAsItsLength() {
        #expect(head("HTTP/1.1 200 OK", "Content-Length: 2", "").isWhole(withBodyOf: 2))
        #expect(!head("HTTP/1.1 200 OK", "Content-Length: 2", "").isWhole(withBodyOf: 1))
        #expect(!head("HTTP/1.1 200 OK", "Content-Length: 2", "").isWhole(withBodyOf: 3))
        #expect(!head("HTTP/1.1 200 OK", "Content-Length: 2").isWhole(withBodyOf: 2))
        #expect(head("HTTP/1.1 200 OK", "").isWhole(withBodyOf: 7))
        #expect(head("HTTP/1.1 304 Not Modified", "Content-Length: 2", "").isWhole(withBodyOf: 0))
    }

    @Test(arguments: ["Content-Length: 0", "Content-Length: 83", "Transfer-Encoding: chunked"])
    func anInterimHeadMustNotSayThatItHasABody(_ line: String) {
        #expect(fault("HTTP/1.1 103 Early Hints", line) == nil)
        #expect(fault("HTTP/1.1 103 Early Hints", line, "") == .ambiguousLength)
        #expect(fault("HTTP/1.1 100 Continue", "", "HTTP/1.1 102 Processing", line, "") == .ambiguousLength)
    }

    @Test(arguments: ["X-Trailer: 1", "", "HTTP/1.1 200 OK", "Content-Length: 2"])
    func noLineFollowsTheHead(_ line: String) {
        #expect(fault("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", line) == .malformedLine)
        #expect(fault("HTTP/1.1 200 OK", "Content-Length: 2", "", line) == .malformedLine)
    }

    @Test func someStatusesHaveNoBody() {
        #expect(head("HTTP/1.1 200 OK").mayHaveBody)
        #expect(!head("HTTP/1.1 204 No Content").mayHaveBody)
        #expect(!head("HTTP/1.1 304 Not Modified").mayHaveBody)
    }

    @Test func aHeadMayHaveAThousandLines() {
        let headers = Array(repeating: "a:", count: 998)
        #expect(read(["HTTP/1.1 200 OK"] + headers + [""]).fault == nil)
        #expect(read(["HTTP/1.1 200 OK"] + headers + ["a:", ""]).fault == .tooManyLines)
    }

    @Test func theLinesOfInterimHeadsCount() {
        let interim = Array(repeating: ["HTTP/1.1 103 Early Hints", ""], count: 499).flatMap { $0 }
        #expect(read(interim + ["HTTP/1.1 200 OK", ""]).fault == nil)
        #expect(read(interim + ["HTTP/1.1 200 OK", "a:", ""]).fault == .tooManyLines)
    }

    @Test func aHeadMayTake64KiB() {
        let line = "X: " + String(repeating: "a", count: 1019)
        let lines = ["HTTP/1.1 200 OK"] + Array(repeating: line, count: 63)
        #expect(read(lines).fault == nil)
        #expect(read(lines + [line]).fault == .tooLarge)
        #expect(read(["HTTP/1.1 103 Early Hints", line, ""] + lines).fault == .tooLarge)
    }
}
