import Testing

@testable import MachineIDC

/// The first fault among the lines of a head, and whether it was complete.
private func read(_ lines: String...) -> (fault: ReplyHead.Fault?, isComplete: Bool) {
    var head = ReplyHead()
    for line in lines {
        var bytes = Array((line + "\r\n").utf8).map { CChar(bitPattern: $0) }
        if let fault = head.take(&bytes, count: bytes.count) { return (fault, head.isComplete) }
    }
    return (nil, head.isComplete)
}

@Suite struct ReplyHeadTests {
    @Test(arguments: [
        "Content-Length: 83", "content-length:83", "CONTENT-LENGTH:\t83  ", "Content-Length: 0", "Content-Length: 0083",
        "Content-Length: 999999999999999999", "Content-Lengthy: x", "Content-Type: application/json", "X: Content-Length: x",
    ])
    func aLengthInDigitsIsTaken(_ line: String) {
        #expect(read("HTTP/1.1 200 OK", line, "").fault == nil)
    }

    @Test(arguments: [
        "", " ", "83 83", "83, 83", "+83", "-1", "83.0", "83 bytes", "0x53", "8 3", "1000000000000000000",
        "18446744073709551699", "eighty", "\u{665}",
    ])
    func anyOtherLengthIsDoubtful(_ value: String) {
        #expect(read("HTTP/1.1 200 OK", "Content-Length: \(value)", "").fault == .doubtfulLength)
    }

    @Test func lengthsMustAgreeWithinAHead() {
        #expect(read("Content-Length: 83", "Content-Length: 83").fault == nil)
        #expect(read("Content-Length: 83", "Content-Length: 083").fault == nil)
        #expect(read("Content-Length: 83", "content-length: 84").fault == .doubtfulLength)
        #expect(read("HTTP/1.1 103 Early Hints", "Content-Length: 1", "", "HTTP/1.1 200 OK", "Content-Length: 2").fault == nil)
    }

    @Test func aReplySaysWhereItEndsByALengthOrByChunks() {
        func isFramed(_ lines: String...) -> Bool {
            var head = ReplyHead()
            for line in lines {
                let bytes = Array((line + "\r\n").utf8).map { CChar(bitPattern: $0) }
                _ = head.take(bytes, count: bytes.count)
            }
            return head.isFramed
        }
        #expect(isFramed("HTTP/1.1 200 OK", "Content-Length: 0"))
        #expect(isFramed("HTTP/1.1 200 OK", "transfer-encoding:  Chunked "))
        #expect(!isFramed("HTTP/1.1 200 OK", "Content-Type: application/json"))
        #expect(!isFramed("HTTP/1.1 200 OK", "Transfer-Encoding: identity"))
        #expect(!isFramed("HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked"))
        #expect(!isFramed("HTTP/1.1 103 Early Hints", "Content-Length: 0", "", "HTTP/1.1 200 OK"))
    }

    @Test func aHeadIsCompleteWithItsEmptyLine() {
        #expect(!read("HTTP/1.1 200 OK", "Content-Length: 2").isComplete)
        #expect(read("HTTP/1.1 200 OK", "Content-Length: 2", "").isComplete)
        #expect(!read("HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK").isComplete)
        #expect(read("HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK", "").isComplete)
        #expect(read("HTTP/1.1 200 OK", "", "X-Trailer: 1").isComplete)
    }

    @Test func aHeadMayBe64KiBLarge() {
        var head = ReplyHead()
        var line = [CChar](repeating: 0x61, count: 1024)
        let first = (0..<64).map { _ in head.take(&line, count: line.count) }
        let next = head.take(&line, count: line.count)
        #expect(first.allSatisfy { $0 == nil })
        #expect(next == .tooLarge)
    }
}
