import Testing

@testable import machineid_emulator

@Suite struct RecentRequestsTests {
    private func request(
        _ number: Int, _ operation: Operation = .validate, _ status: UInt32? = 200, _ code: String = ""
    )
        -> RecordedRequest
    {
        RecordedRequest(
            time: .init(), operation: operation, device: "\(number)", httpStatus: status, code: code,
            id: RequestID(0, 0))
    }

    @Test func theOldestGiveWayToTheNewest() {
        var recent = RecentRequests()
        for number in 0..<RecentRequests.capacity { recent.append(request(number)) }
        #expect(recent.droppedCount == 0)
        #expect(recent.inOrder.first?.device == "0")
        for number in 0..<3 { recent.append(request(RecentRequests.capacity + number)) }
        #expect(recent.droppedCount == 3)
        #expect(recent.inOrder.map(\.device) == (3..<RecentRequests.capacity + 3).map { "\($0)" })
    }

    @Test(arguments: [
        (Operation.validate, 200, "ALLOW", "allow"), (.validate, 200, "DEVICE_REVOKED", "deny"),
        (.validate, 503, "unavailable", nil), (.validate, nil, "hung", nil), (.register, 200, "ok", nil),
    ] as [(Operation, UInt32?, String, String?)])
    func onlyAnAnsweredValidateHasADecision(operation: Operation, status: UInt32?, code: String, decision: String?) {
        #expect(request(0, operation, status, code).decision == decision)
    }
}
