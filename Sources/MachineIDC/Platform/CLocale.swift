internal import CPlatform
internal import Synchronization

/// A C locale of the library's own, for texts that must not depend on the host's locale. It is made once in a process
/// and never freed.
enum CLocale {
    /// The address of the locale; 0 before `prepare()`.
    private static let address = Atomic<UInt>(0)

    /// Requires `prepare()`.
    static var locale: locale_t? { locale_t(bitPattern: address.load(ordering: .acquiring)) }

    /// Makes the locale. If several threads do so at the same time, the first one's locale counts.
    static func prepare() throws(Failure) {
        if address.load(ordering: .acquiring) != 0 { return }
        guard let made = platform_c_locale() else { throw .outOfMemory }
        let (published, _) = address.compareExchange(
            expected: 0, desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        if !published { freelocale(made) }
    }
}
