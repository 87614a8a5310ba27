internal import CPlatform

/// A pseudo-random generator (splitmix64), good enough to spread clients out. Nothing secret depends on it.
struct RandomNumber {
    private var state: UInt64?

    /// Seeded from the clock when the first number is drawn.
    init() {}

    init(seed: UInt64) { state = seed }

    /// A number from 0 to `limit - 1`; 0 when `limit` is not positive.
    @inline(never)
    mutating func below(_ limit: Int) -> Int {
        var z = (state ?? seed()) &+ 0x9e37_79b9_7f4a_7c15
        state = z
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        z ^= z >> 31
        return limit > 0 ? Int(truncatingIfNeeded: z % UInt64(limit)) : 0
    }

    /// A seed from the clock and the process id.
    private func seed() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(truncatingIfNeeded: time.tv_nsec) &* 0x1_0000_0001 ^ UInt64(truncatingIfNeeded: getpid())
    }
}
