import CMachineID
import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import MachineIDC

@Suite struct ClientTests {
    @Test func aDeviceIsAllowedUntilItIsRevoked() throws {
        let emulator = try EmulatorProcess()
        let client = try ABIClient(emulator.port)
        #expect(client.validate("worker").allowed == false)
        #expect(client.register("worker") == Status.ok.rawValue)
        #expect(client.validate("worker").allowed)
        #expect(client.revoke("worker") == Status.ok.rawValue)
        let denied = client.validate("worker")
        #expect(denied.status == Status.ok.rawValue)
        #expect(!denied.allowed)
        #expect(denied.json.contains(#""code":"DEVICE_REVOKED""#))
    }

    @Test(arguments: [1, 8])
    func manyThreadsGetTheirOwnAnswers(_ connections: Int) throws {
        let emulator = try EmulatorProcess("--plan", "pro")
        let client = try ABIClient(emulator.port, #","max_connections":\#(connections)"#)
        for device in 0..<16 {
            #expect(client.register("device-\(device)") == Status.ok.rawValue)
            if device % 2 == 1 { #expect(client.revoke("device-\(device)") == Status.ok.rawValue) }
        }
        let wrong = Counter()
        DispatchQueue.concurrentPerform(iterations: 16) { device in
            for _ in 0..<100 {
                let answer = client.validate("device-\(device)")
                let isOfDevice = answer.json.contains(#""deviceId":"device-\#(device)""#)
                let isRight = answer.allowed == (device % 2 == 0) && isOfDevice
                if !isRight { wrong.increment() }
            }
        }
        #expect(wrong.value == 0)
    }

    @Test func cancellingEndsEveryCall() throws {
        let emulator = try EmulatorProcess()
        let client = try ABIClient(emulator.port)
        #expect(client.register("worker") == Status.ok.rawValue)
        let (started, others) = (Counter(), Counter())
        let group = DispatchGroup()
        for _ in 0..<8 {
            Thread.detachNewThread(in: group) {
                while true {
                    let answer = client.validate("worker")
                    started.increment()
                    if answer.status == Status.cancelled.rawValue { return }
                    if !answer.allowed { others.increment() }
                }
            }
        }
        started.wait(for: 100)
        CMachineID.mid_client_cancel(client.handle)
        #expect(group.wait(timeout: .now() + 20) == .success)
        #expect(others.value == 0)
        let late = client.validate("worker")
        #expect(late.status == Status.cancelled.rawValue)
        #expect(!late.allowed)
    }

    @Test func freeingCancelsTheCallsInFlight() throws {
        let emulator = try EmulatorProcess()
        try emulator.stop()
        defer { emulator.signal(SIGCONT) }
        for _ in 0..<10 {
            var client: ABIClient? = try ABIClient(emulator.port)
            let address = UInt(bitPattern: try #require(client?.handle))
            let cancelled = Counter()
            let group = DispatchGroup()
            for _ in 0..<4 {
                Thread.detachNewThread(in: group) {
                    var allowed: Int32 = 7
                    let status = CMachineID.mid_validate(OpaquePointer(bitPattern: address), "worker", &allowed, nil)
                    if status == Status.cancelled.rawValue && allowed == 0 { cancelled.increment() }
                }
            }
            // The handle holds one reference, and each call in flight another.
            let inside = try #require(Client(handle: client?.handle))
            while inside.shared.pointee.references.load(ordering: .acquiring) < 5 { sched_yield() }
            client = nil
            #expect(group.wait(timeout: .now() + 20) == .success)
            #expect(cancelled.value == 4)
        }
    }

    @Test func aHangingServerTimesOutAndTheClientKeepsWorking() throws {
        let emulator = try EmulatorProcess()
        let client = try ABIClient(emulator.port, #","timeout_ms":2000"#)
        #expect(client.register("worker") == Status.ok.rawValue)
        try emulator.stop()
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            let answer = client.validate("worker")
            #expect(answer.status == Status.timeout.rawValue)
            #expect(!answer.allowed)
            #expect(
                answer.json.hasPrefix(
                    #"{"allowed":false,"code":"CLIENT_TIMEOUT","request_id":null,"message":"no answer"#))
        }
        emulator.signal(SIGCONT)
        #expect(client.validate("worker").allowed)
    }
}

/// A number shared by threads.
private final class Counter: @unchecked Sendable {
    private let condition = NSCondition()
    private var count = 0

    var value: Int { condition.withLock { count } }

    func increment() {
        condition.withLock { count += 1 }
        condition.broadcast()
    }

    func wait(for target: Int) {
        condition.withLock { while count < target { condition.wait() } }
    }
}

extension Thread {
    fileprivate static func detachNewThread(in group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
        group.enter()
        detachNewThread {
            body()
            group.leave()
        }
    }
}
