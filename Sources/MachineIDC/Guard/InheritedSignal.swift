internal import CPlatform
internal import Synchronization

/// The descriptor of an inherited guard in a forked child, when none was made before the fork. It is readable from the
/// start.
///
/// The parent's lock may be held for ever in the child, so it cannot be used here. Threads that ask at the same time
/// each make a descriptor, and the first one published counts.
struct InheritedSignal: ~Copyable {
    /// The address of the published signal; 0 when there is none.
    private let address = Atomic<UInt>(0)

    /// The descriptor, made if there is none; -1 when no descriptor or no memory is left.
    func open() -> Int32 {
        let found = present
        if let descriptor = found?.pointee.descriptor { return descriptor }
        guard let made = InheritedSignal.make() else { return -1 }
        // A signal whose descriptor the host has closed is replaced but not freed, because another thread may be using
        // it.
        let (published, _) = address.compareExchange(
            expected: UInt(bitPattern: found), desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        if !published { InheritedSignal.destroy(made) }
        return present?.pointee.descriptor ?? -1
    }

    /// Closes the descriptor and frees its memory.
    func close() {
        guard let signal = present else { return }
        address.store(0, ordering: .releasing)
        InheritedSignal.destroy(signal)
    }

    /// The published signal.
    private var present: UnsafeMutablePointer<GuardSignal>? {
        UnsafeMutablePointer(bitPattern: address.load(ordering: .acquiring))
    }

    /// Makes a signal with a readable descriptor; nil when that is not possible.
    private static func make() -> UnsafeMutablePointer<GuardSignal>? {
        let made: UnsafeMutablePointer<GuardSignal>
        do throws(Failure) {
            made = try allocate(GuardSignal())
        } catch {
            error.message.destroy()
            return nil
        }
        if made.pointee.open() >= 0 {
            made.pointee.raise()
            return made
        }
        deallocate(made)
        return nil
    }

    /// Closes and frees a signal.
    private static func destroy(_ signal: UnsafeMutablePointer<GuardSignal>) {
        signal.pointee.close()
        deallocate(signal)
    }
}
