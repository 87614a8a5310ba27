import Testing

@testable import MachineIDC

/// What a reader made of a body that came in parts.
private struct Reading: Equatable {
    var data = ""
    var fault: HeadFault?
    var isAtEnd = false
    /// Whether data was refused.
    var isRefused = false
}

/// Reads a body that arrives in these parts, up to the first fault. `room` is how many bytes of data are stored before
/// more are refused.
private func read(_ parts: [[UInt8]], room: Int = .max) -> Reading {
    var reader = ChunkReader()
    var (data, reading) = ([UInt8](), Reading())
    for part in parts where reading.fault == nil && !reading.isRefused {
        let bytes = part.map { CChar(bitPattern: $0) }
        let result = reader.take(bytes, count: bytes.count) { start, count in
            guard data.count + count <= room else { return false }
            data += UnsafeBufferPointer(start: start, count: count).map { UInt8(bitPattern: $0) }
            return true
        }
        switch result {
        case .read: break
        case .fault(let fault): reading.fault = fault
        case .notStored: reading.isRefused = true
        }
    }
    reading.data = String(decoding: data, as: UTF8.self)
    reading.isAtEnd = reader.isAtEnd
    return reading
}

private func read(_ body: String) -> Reading { read([Array(body.utf8)]) }

@Suite struct ChunkReaderTests {
    private static let good =
        "5 \t;a=\"b\"\r\nhello\r\n00C\r\n, two chunks\r\n000;end\r\nX-Digest: abc\r\nX-Time:\r\n\r\n"
    private static let whole = Reading(data: "hello, two chunks", isAtEnd: true)

    @Test func aBodyIsTheDataOfItsChunks() {
        #expect(read(ChunkReaderTests.good) == ChunkReaderTests.whole)
        #expect(read("0\r\n\r\n") == Reading(isAtEnd: true))
    }

    @Test func itMayBeSplitAnywhere() {
        let bytes = Array(ChunkReaderTests.good.utf8)
        for one in 0...bytes.count {
            for other in one...bytes.count {
                let parts = [bytes[..<one], bytes[one..<other], bytes[other...]].map { Array($0) }
                #expect(read(parts) == ChunkReaderTests.whole, "split at \(one) and \(other)")
            }
        }
        #expect(read(bytes.map { [$0] }) == ChunkReaderTests.whole)
    }

    @Test func itIsNotAtItsEndBeforeItsLastByte() {
        let bytes = Array(ChunkReaderTests.good.utf8)
        for count in 0..<bytes.count {
            let reading = read([Array(bytes[..<count])])
            #expect(reading.fault == nil && !reading.isAtEnd, "\(count) bytes")
        }
    }

    @Test func whatFollowsItIsIgnored() {
        #expect(read(ChunkReaderTests.good + "zz\r\n\0") == ChunkReaderTests.whole)
    }

    @Test(arguments: [
        "2\r\n{}\r\n0\r\n\r\n", "0002\r\n{}\r\n0\r\n\r\n", "2  \r\n{}\r\n0\t\r\n\r\n",
        "2;a\r\n{}\r\n0\r\n\r\n", "2;\u{e9}\t=\r\n{}\r\n0\r\n\r\n", "0000000000000002\r\n{}\r\n0\r\n\r\n",
        "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", "2\r\n{}\r\n0\r\nX-A: Z\u{fc}rich\r\n\r\n",
    ])
    func anExactBodyIsAccepted(_ body: String) {
        #expect(read(body) == Reading(data: "{}", isAtEnd: true))
    }

    @Test(arguments: [
        "", "x", "-2", "+2", "0x2", " 2", "\t2", "\r\n2", ";a\r\n", "2 2", "2zz", "2 zz", "2:", "2\n", "2\r{", "2\r\r",
        "2\0", "2;a\n", "2;a\r{", "2;a\0", "2;a\u{7f}", "2;\u{1}", "2 \n", "00000000000000002", "\u{662}",
    ])
    func anyOtherSizeIsRefused(_ size: String) {
        #expect(read(size + "\r\n{}\r\n0\r\n\r\n").fault == .malformedChunk)
        // The same in a later chunk.
        #expect(read("1\r\n{\r\n" + size + "\r\n}\r\n0\r\n\r\n").fault == .malformedChunk)
    }

    @Test(arguments: ["2\r\n{}0\r\n", "2\r\n{}\n", "2\r\n{}\r0", "2\r\n{}}\r\n", "2\r\n{}\r\r"])
    func dataIsFollowedByItsLineEnd(_ body: String) {
        let reading = read(body)
        #expect(reading.fault == .malformedChunk && reading.data == "{}")
    }

    @Test(arguments: [
        "nonsense\r\n", ": a\r\n", " folded\r\n", "X: a\r\n b\r\n", "X : a\r\n", "X A: a\r\n", "X: a\n", "X: a\rb",
        "X: \0", "X: \u{7f}", "\u{e9}: a\r\n", "\n", "\rx", "X\r\n",
    ])
    func aTrailerIsAHeader(_ trailer: String) {
        #expect(read("2\r\n{}\r\n0\r\n" + trailer).fault == .malformedChunk)
        #expect(read("2\r\n{}\r\n0\r\nX-A: a\r\n" + trailer).fault == .malformedChunk)
    }

    @Test func aSizeIsBounded() {
        #expect(read("10000000000\r\n").fault == nil)
        #expect(read("10000000001\r\n").fault == .malformedChunk)
        #expect(read("8000000000000000\r\n").fault == .malformedChunk)
        #expect(read("ffffffffffffffff\r\n").fault == .malformedChunk)
    }

    @Test func aLineWithASizeIsBounded() {
        for fill in [";" + String(repeating: "a", count: 1021), String(repeating: " ", count: 1022)] {
            #expect(read("2" + fill + "\r\n{}\r\n0\r\n\r\n") == Reading(data: "{}", isAtEnd: true))
            #expect(read("2" + fill + fill.suffix(2)).fault == .malformedChunk)
        }
    }

    @Test func trailersMayTake64KiB() {
        let trailer = "X: " + String(repeating: "a", count: 1019) + "\r\n"
        let (some, many) = (String(repeating: trailer, count: 63), String(repeating: trailer, count: 65))
        #expect(read("2\r\n{}\r\n0\r\n" + some + "\r\n") == Reading(data: "{}", isAtEnd: true))
        #expect(read("2\r\n{}\r\n0\r\n" + many + "\r\n").fault == .tooLarge)
    }

    @Test func dataThatIsNotStoredEndsIt() {
        let reading = read([Array("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".utf8)], room: 4)
        #expect(reading == Reading(data: "abc", isRefused: true))
    }
}
