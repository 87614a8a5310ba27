import Foundation
import Testing

@testable import MachineIDC

@Suite struct ByteBufferTests {
    @Test func itGrowsAndAlwaysEndsWithNUL() {
        var buffer = ByteBuffer()
        var expected: [UInt8] = []
        for length in [0, 1, 511, 1, 512, 3, 70_000] {
            let piece = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) }
            let appended = piece.withUnsafeBytes { bytes in
                buffer.append(bytes.baseAddress ?? UnsafeRawPointer(Literal("").cString), count: length)
            }
            #expect(appended)
            expected += piece
            let held = (0..<buffer.count).map { buffer.base?[$0] ?? 0 }
            #expect(held == expected)
            let end = buffer.base?[buffer.count]
            #expect(end == 0)
        }
    }

    @Test func takingLeavesItEmptyAndUsable() {
        var buffer = ByteBuffer()
        let nothing = buffer.take()
        #expect(nothing == nil)
        let appended = buffer.append(Literal("abc").cString, count: 3)
        #expect(appended)
        let text = buffer.take()
        #expect(text.map { String(cString: $0) } == "abc")
        free(text)
        let (count, base) = (buffer.count, buffer.base)
        #expect(count == 0)
        #expect(base == nil)
        let appendedAgain = buffer.append(Literal("d").cString, count: 1)
        #expect(appendedAgain)
    }

    @Test func clearingKeepsSmallMemoryAndFreesLarge() {
        var buffer = ByteBuffer()
        _ = buffer.extend(by: 1_000)
        let small = buffer.base
        buffer.clear()
        let kept = buffer.base
        #expect(kept == small)
        _ = buffer.extend(by: 1_000_000)
        buffer.clear()
        let (count, base) = (buffer.count, buffer.base)
        #expect(count == 0)
        #expect(base == nil)
    }

    @Test(arguments: [-1, Int.min, Int.max, Int.max - 1])
    func anImpossibleLengthIsRefused(_ length: Int) {
        var buffer = ByteBuffer()
        let appended = buffer.append(Literal("abc").cString, count: 3)
        #expect(appended)
        let room = buffer.extend(by: length)
        #expect(room == nil)
        let count = buffer.count
        #expect(count == 3)
    }
}
