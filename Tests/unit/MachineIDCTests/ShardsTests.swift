import Testing

@testable import MachineIDC

private func withTransport(connections: Int, processors: Int = 2, _ body: (Transport) throws -> Void) throws {
    try ProcessSetup.run()
    let statistics = try Statistics()
    defer { statistics.destroy() }
    let transport = try withText("org_test") { key throws(Failure) in
        try withText(#"{"max_connections":\#(connections)}"#) { options throws(Failure) in
            let settings = try Settings(orgKey: key, options: options)
            return try Transport(
                settings, statistics, generation: ForkGeneration.current, processors: processors)
        }
    }
    defer { transport.destroy() }
    try body(transport)
}

extension Transport {
    fileprivate var shards: [Transport] {
        var shards: [Transport] = []
        forEachShard { shards.append($0) }
        return shards
    }

    fileprivate var withShards: [Transport] { [self] + shards }

    /// Leaves the transport as a call does that did nothing.
    fileprivate func leaveLocked() {
        lock()
        leave(isInGroup: false)
        unlock()
    }
}

@Suite struct ShardsTests {
    @Test(arguments: [1, 2, 3, 7, 8, 9, 10, 11, 64, 256], [1, 2, 3, 4, 64])
    func noCallWaitsWhileThereAreConnections(_ connections: Int, _ processors: Int) throws {
        try withTransport(connections: connections, processors: processors) { transport in
            var inside: [Transport] = []
            defer { inside.forEach { $0.leaveLocked() } }
            for _ in 0..<connections {
                inside.append(transport.enterShard())
                for one in transport.withShards { #expect(one.callCount <= one.locked.pointee.width) }
            }
            #expect(transport.withShards.reduce(0) { $0 + $1.locked.pointee.width } == connections)
            #expect(transport.shards.count == min(processors - 1, 3, connections / 2))
        }
    }

    /// All calls of this test come from one processor.
    @Test(arguments: [1, 2, 8, 64], [1, 2, 4])
    func waitingCallsAreSpreadEvenlyOverTheShards(_ connections: Int, _ processors: Int) throws {
        try withTransport(connections: connections, processors: processors) { transport in
            var inside: [Transport] = []
            defer { inside.forEach { $0.leaveLocked() } }
            for _ in 0..<connections * 20 { inside.append(transport.enterShard()) }
            let waiting = transport.withShards.map { $0.callCount - $0.locked.pointee.width }
            #expect((waiting.max() ?? 0) - (waiting.min() ?? 0) <= transport.shared.pointee.shards.width + 1)
        }
    }

    @Test func aClientThatIsNotBusyHasNoShards() throws {
        try withTransport(connections: 8) { transport in
            for _ in 0..<100 {
                let some = (0..<4).map { _ in transport.enterShard() }
                some.forEach { $0.leaveLocked() }
            }
            #expect(transport.shards.isEmpty)
        }
    }

    @Test func aClientThatIsNoLongerBusyUsesItsFirstShardAlone() throws {
        try withTransport(connections: 8) { transport in
            let inside = (0..<40).map { _ in transport.enterShard() }
            #expect(inside.contains { $0.shared != transport.shared })
            inside.forEach { $0.leaveLocked() }
            for _ in 0..<100 {
                let one = transport.enterShard()
                #expect(one.shared == transport.shared)
                one.leaveLocked()
            }
        }
    }

    @Test(arguments: [Int32](0..<8) + [-1])
    func callsOfABusyClientGoToTheShardOfTheirProcessor(_ processor: Int32) throws {
        try withTransport(connections: 8, processors: 4) { transport in
            var inside = (0..<8).map { _ in transport.enterShard() }
            defer { inside.forEach { $0.leaveLocked() } }
            #expect(transport.shards.count == 3)
            inside.append(transport.enterShard(from: processor))
            #expect(inside[8].shared == transport.withShards[max(Int(processor), 0) % 4].shared)
        }
    }

    @Test func thereAreNoShardsAfterACancel() throws {
        try withTransport(connections: 8) { transport in
            transport.cancel()
            let inside = (0..<40).map { _ in transport.enterShard() }
            inside.forEach { $0.leaveLocked() }
            #expect(transport.shards.isEmpty)
        }
    }
}
