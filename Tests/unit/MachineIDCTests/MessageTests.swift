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

    /// Writes a text into a message, hides a secret in it and returns what it is then.
    private func hiding(_ secret: String, in text: String) throws(Failure) -> String {
        try withText(text) { text throws(Failure) in
            try withText(secret) { secret throws(Failure) in
                let message: Message = "\(text)"
                message.hide(secret)
                return message.take()
            }
        }
    }

    @Test func aSecretIsHiddenWhereverItIs() throws {
        let stars = "****************"
        #expect(try hiding("sekretkey-012345", in: "sekretkey-012345") == stars)
        #expect(try hiding("sekretkey-012345", in: "<sekretkey-012345>") == "<\(stars)>")
        #expect(try hiding("sekretkey-012345", in: "sekretkey-012345sekretkey-012345!") == "\(stars)\(stars)!")
        #expect(try hiding("sekretkey-012345", in: "no secret, sekretkey-01234") == "no secret, sekretkey-01234")
    }

    @Test func aSecretIsHiddenInAnyCase() throws {
        #expect(try hiding("sekretkey", in: "https://SEKRETKEY.example") == "https://*********.example")
        #expect(try hiding("SekretKey", in: "https://sekretkey.example") == "https://*********.example")
    }

    @Test func whiteSpaceAroundASecretDoesNotBelongToIt() throws {
        #expect(try hiding(" \t\r\nsekretkey\n", in: "<sekretkey>") == "<*********>")
    }

    @Test func aSecretIsHiddenWhereTheMessageIsCutOff() throws {
        let secret = "sekretkey-0123456789"
        for count in 8...20 {
            let before = String(repeating: "x", count: 400 - count)
            let stars = String(repeating: "*", count: count)
            #expect(try hiding(secret, in: before + secret) == before + stars, "\(count) bytes")
        }
        // So little of it says nothing.
        let before = String(repeating: "x", count: 393)
        #expect(try hiding(secret, in: before + secret) == before + "sekretk")
    }

    @Test func aShortTextIsNoSecret() throws {
        #expect(try hiding("sekretk", in: "sekretk") == "sekretk")
        #expect(try hiding("", in: "sekretkey") == "sekretkey")
        #expect(try hiding("  a", in: "banana") == "banana")
        #expect(try hiding("sekretke", in: "sekretke") == "********")
    }
}
