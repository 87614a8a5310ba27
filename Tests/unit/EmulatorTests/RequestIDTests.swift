import Foundation
import Testing

@testable import machineid_emulator

@Suite struct RequestIDTests {
    @Test(
        arguments: [
            (0, 0, "00000000-0000-4000-8000-000000000000"),
            (.max, .max, "ffffffff-ffff-4fff-bfff-ffffffffffff"),
            (0x0123_4567_89AB_CDEF, 0x0123_4567_89AB_CDEF, "01234567-89ab-4def-8123-456789abcdef"),
        ] as [(UInt64, UInt64, String)])
    func versionAndVariantAreSet(high: UInt64, low: UInt64, text: String) {
        #expect(RequestID(high, low).text == text)
    }

    @Test func everyIDIsADifferentUUID() {
        let texts = (0..<1000).map { _ in RequestID().text }
        #expect(Set(texts).count == 1000)
        #expect(texts.allSatisfy { UUID(uuidString: $0)?.uuidString.lowercased() == $0 })
    }
}
