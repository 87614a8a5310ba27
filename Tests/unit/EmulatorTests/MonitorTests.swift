import Foundation
import Testing

@testable import machineid_emulator

@Suite struct MonitorTests {
    @Test func threadsTakeTurns() {
        let count = Monitor(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<1000 { count.withLock { $0 += 1 } }
        }
        #expect(count.withLock { $0 } == 8000)
    }

    @Test func aWaitEndsWhenItsConditionBecomesTrue() {
        let count = Monitor(3)
        for _ in 0..<3 { Thread { count.withLock { $0 -= 1 } }.start() }
        count.wait(seconds: 60) { $0 == 0 }
        #expect(count.withLock { $0 } == 0)
    }

    @Test func aWaitEndsAtItsTimeLimit() {
        let start = ContinuousClock.now
        Monitor(1).wait(seconds: 1) { $0 == 0 }
        #expect(.seconds(1)..<(.seconds(5)) ~= ContinuousClock.now - start)
    }
}
