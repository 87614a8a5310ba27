import Testing

@testable import MachineIDC

@Suite struct MessageTests {
    @Test func aMessageIsWrittenAsALiteral() {
        let name = Literal("timeout_ms").cString
        let limit = 250
        let message: Message = "no answer within \(limit) ms (\(name)): \(Literal("x"))"
        #expect(message.take() == "no answer within 250 ms (timeout_ms): x")
    }

    @Test(arguments: [0, 7, 10, 99, 100, -1, -10, Int.max, Int.min])
    func numbersAreDecimal(_ number: Int) {
        let message: Message = "\(number)"
        #expect(message.take() == String(number))
    }

    @Test func bytesThatAreNotPrintableASCIIBecomeQuestionMarks() throws {
        try withBytes([0x61, 0x0a, 0x0d, 0x1b, 0x5b, 0x7f, 0xc3, 0xa9, 0x62]) { text throws(Failure) in
            let message: Message = "<\(text)>"
            #expect(message.take() == "<a???[???b>")
        }
    }

    @Test func aLongMessageIsCut() throws {
        try withText(String(repeating: "x", count: 10_000)) { text throws(Failure) in
            let message: Message = "\(text)\(1)\(text)"
            #expect(message.take() == String(repeating: "x", count: 400))
        }
    }

    @Test func nothingIsAppendedForNULL() {
        let nothing: UnsafePointer<CChar>? = nil
        let message: Message = "a\(nothing)b"
        #expect(message.take() == "ab")
    }
}
