internal import Synchronization

/// What a higher layer does in a forked child: one function, which it registers here.
enum ForkHook {
    /// The function's address; 0 when none is registered.
    private static let child = Atomic<UInt>(0)

    /// Registers the function that each child of `fork()` calls before `fork()` returns there. The child has no other
    /// thread then, unless a fork handler has started one.
    static func setChild(_ function: @convention(c) () -> Void) {
        child.store(unsafeBitCast(function, to: UInt.self), ordering: .releasing)
    }

    /// Calls the function, in a child.
    static func runChild() {
        let address = child.load(ordering: .acquiring)
        if address == 0 { return }
        unsafeBitCast(address, to: (@convention(c) () -> Void).self)()
    }
}
