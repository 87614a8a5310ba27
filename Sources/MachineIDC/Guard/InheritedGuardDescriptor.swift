internal import CPlatform
internal import Synchronization

/// The descriptor of an inherited guard in a forked child, when none was made before the fork. It is readable from the
/// start.
///
/// The parent's lock may be held for ever in the child, so it cannot be used here. Threads that ask at the same time
/// each make a descriptor, and the first one published counts.
struct InheritedGuardDescriptor: ~Copyable {
    /// The address of the published descriptor; 0 when there is none.
    private let address = Atomic<UInt>(0)

    /// The descriptor, made if there is none; -1 when no descriptor or no memory is left.
    func open() -> Int32 {
        let found = present
        if let descriptor = found?.pointee.number { return descriptor }
        guard let made = InheritedGuardDescriptor.make() else { return -1 }
        // A descriptor that the host has closed is replaced, but its memory is not freed, because another thread may be
        // using it.
        let (published, _) = address.compareExchange(
            expected: UInt(bitPattern: found), desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        if !published { InheritedGuardDescriptor.destroy(made) }
        return present?.pointee.number ?? -1
    }

    /// Closes the descriptor and frees its memory.
    func close() {
        guard let descriptor = present else { return }
        address.store(0, ordering: .releasing)
        InheritedGuardDescriptor.destroy(descriptor)
    }

    /// The published descriptor.
    private var present: UnsafeMutablePointer<GuardDescriptor>? {
        UnsafeMutablePointer(bitPattern: address.load(ordering: .acquiring))
    }

    /// Makes a descriptor that is readable; nil when that is not possible.
    private static func make() -> UnsafeMutablePointer<GuardDescriptor>? {
        let made: UnsafeMutablePointer<GuardDescriptor>
        do throws(Failure) {
            made = try allocateShared(GuardDescriptor())
        } catch {
            error.message.destroy()
            return nil
        }
        if made.pointee.open() >= 0 {
            made.pointee.makeReadable()
            return made
        }
        destroyShared(made)
        return nil
    }

    /// Closes and frees a descriptor.
    private static func destroy(_ descriptor: UnsafeMutablePointer<GuardDescriptor>) {
        descriptor.pointee.close()
        destroyShared(descriptor)
    }
}
