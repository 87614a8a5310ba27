internal import CPlatform
internal import Synchronization

/// The descriptor of an inherited guard that nobody had asked for before the fork. Readable from the start.
///
/// In the child the parent's lock may be held for ever. So threads that ask at the same time each make one, and the first
/// one published counts.
struct InheritedSignal: ~Copyable {
    private let address = Atomic<UInt>(0)

    /// -1 when there is no descriptor left, or no memory.
    func open() -> Int32 {
        let found = present
        if let descriptor = found?.pointee.descriptor { return descriptor }
        guard let made = InheritedSignal.make() else { return -1 }
        // One whose descriptor the host has closed keeps its memory: another thread may be looking at it.
        let (published, _) = address.compareExchange(
            expected: UInt(bitPattern: found), desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        if !published { InheritedSignal.end(made) }
        return present?.pointee.descriptor ?? -1
    }

    func close() {
        guard let signal = present else { return }
        address.store(0, ordering: .releasing)
        InheritedSignal.end(signal)
    }

    private var present: UnsafeMutablePointer<GuardSignal>? {
        UnsafeMutablePointer(bitPattern: address.load(ordering: .acquiring))
    }

    private static func make() -> UnsafeMutablePointer<GuardSignal>? {
        let made: UnsafeMutablePointer<GuardSignal>
        do throws(Failure) {
            made = try allocate(GuardSignal())
        } catch {
            error.message.discard()
            return nil
        }
        if made.pointee.open() >= 0 {
            made.pointee.raise()
            return made
        }
        deallocate(made)
        return nil
    }

    private static func end(_ signal: UnsafeMutablePointer<GuardSignal>) {
        signal.pointee.close()
        deallocate(signal)
    }
}
