internal import CCurl
internal import CJansson
internal import CPlatform
internal import Synchronization

/// The text of `mid_build_info`. The first call that asks for it makes it; it is never freed.
enum BuildInfo {
    /// The address of the text; 0 before it is made.
    private static let address = Atomic<UInt>(0)

    /// The text; an empty JSON object when memory is refused.
    static var text: UnsafePointer<CChar> {
        if let made = UnsafePointer<CChar>(bitPattern: address.load(ordering: .acquiring)) { return made }
        do {
            return publish(try make())
        } catch {
            error.message.destroy()
            return Literal("{}").cString
        }
    }

    /// Publishes a text, and returns it, or the one that another thread published first.
    private static func publish(_ made: UnsafeMutablePointer<CChar>) -> UnsafePointer<CChar> {
        let (published, present) = address.compareExchange(
            expected: 0, desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        guard !published, let other = UnsafePointer<CChar>(bitPattern: present) else { return UnsafePointer(made) }
        free(made)
        return other
    }

    private static func make() throws(Failure) -> UnsafeMutablePointer<CChar> {
        let made: UnsafeMutablePointer<CChar>? = try CurlLibrary.withVersion { info in
            var object = JSONObject()
            object.set("version", platform_version())
            object.set("libc", platform_libc())
            object.set("arch", platform_arch())
            object.set("libcurl", library(info.pointee.version, source: platform_source_curl()))
            object.set("tls", library(info.pointee.ssl_version, source: platform_source_openssl()))
            object.set("jansson", library(jansson_version_str(), source: platform_source_jansson()))
            var text = object.text()
            return text?.take()
        }
        guard let made else { throw .outOfMemory }
        return made
    }

    /// What there is to say of a library below.
    private static func library(_ version: UnsafePointer<CChar>?, source: UnsafePointer<CChar>?) -> JSONObject {
        var object = JSONObject()
        object.set("version", version)
        object.set("where", place.cString)
        object.set("source", source)
        return object
    }

    /// Where the libraries below are.
    private static var place: Literal {
        #if MACHINEID_PORTABLE
            "inside"
        #else
            "system"
        #endif
    }
}
