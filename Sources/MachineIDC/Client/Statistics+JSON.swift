internal import CPlatform

// The report of `mid_client_stats`: see docs/observability.md. Every member is always there, so that a host sees the
// first error as a step from 0.
extension Statistics {
    /// Writes all members but the guards.
    func write(to text: inout JSONText) {
        let now = BootTime.now
        text.set("age_ms", now.milliseconds(since: BootTime(nanoseconds: Int64(value(.began)))))
        text.open("calls")
        for index in Indices(CountedOperation.count) { write(CountedOperation(index: index), to: &text) }
        text.close()
        text.open("decisions")
        writeDecisions(areAllowed: true, "allowed", to: &text)
        writeDecisions(areAllowed: false, "denied", to: &text)
        text.close()
        text.set("retries", value(.retries))
        text.set("resends", value(.resends))
        text.set("hedges", value(.hedges))
        text.open("connections")
        text.set("made", value(.connectionsMade))
        text.set("reused", value(.connectionsReused))
        text.close()
        text.set("tls_handshakes", value(.handshakes))
        guard let (at, requestID) = lastAnswer() else { return text.setNull("last_answer") }
        text.open("last_answer")
        text.set("age_ms", now.milliseconds(since: at))
        requestID.withText { text.set("request_id", string: $0) }
        text.close()
    }

    private func write(_ operation: CountedOperation, to text: inout JSONText) {
        text.open(operation.name)
        text.open("statuses")
        forEachStatus(of: operation) { status, count in text.set(status.name, count) }
        text.close()
        text.open("duration_ms")
        text.open("buckets")
        var count = 0
        for bucket in Indices(Statistics.buckets) {
            count &+= calls(operation, inBucket: bucket)
            text.set(Statistics.boundName(of: bucket), count)
        }
        text.close()
        text.set("sum", time(operation) / 1_000_000)
        text.set("count", count)
        text.close()
        text.close()
    }

    private func writeDecisions(areAllowed: Bool, _ key: Literal, to text: inout JSONText) {
        text.open(key)
        for number in Indices(DecisionCode.count) {
            guard let code = DecisionCode(rawValue: UInt8(truncatingIfNeeded: number)) else { continue }
            if code.isAllowed == areAllowed { text.set(code.name, value(code)) }
        }
        text.close()
    }

    /// The upper bound of a bucket in milliseconds, as `bound` has it.
    private static func boundName(of bucket: Int) -> Literal {
        switch bucket {
        case 0: "1"
        case 1: "2"
        case 2: "5"
        case 3: "10"
        case 4: "20"
        case 5: "50"
        case 6: "100"
        case 7: "200"
        case 8: "500"
        case 9: "1000"
        case 10: "2000"
        case 11: "5000"
        case 12: "10000"
        default: "+Inf"
        }
    }
}
