/// The numbers from 0 to `count - 1`. A `Range` would check its bounds with a trap.
struct Indices: Sequence, IteratorProtocol {
    private var following = 0
    private let count: Int

    init(_ count: Int) { self.count = count }

    mutating func next() -> Int? {
        guard following < count else { return nil }
        defer { following &+= 1 }
        return following
    }
}
