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
        var buffer = ByteBuffer()
        let isWhole = try CurlLibrary.withVersion { info in
            append(#"{"version":"#, platform_version(), to: &buffer)
                && append(#","libc":"#, platform_libc(), to: &buffer)
                && append(#","arch":"#, platform_arch(), to: &buffer)
                && append("libcurl", info.pointee.version, source: platform_source_curl(), to: &buffer)
                && append("tls", info.pointee.ssl_version, source: platform_source_openssl(), to: &buffer)
                && append("jansson", jansson_version_str(), source: platform_source_jansson(), to: &buffer)
                && append("}", to: &buffer)
        }
        guard isWhole, let text = buffer.take() else { throw .outOfMemory }
        return text
    }

    /// Appends what there is to say of a library below. Returns false when memory is refused, as all of these do.
    @inline(never)
    private static func append(
        _ library: Literal, _ version: UnsafePointer<CChar>?, source: UnsafePointer<CChar>?, to buffer: inout ByteBuffer
    ) -> Bool {
        append(#",""#, to: &buffer) && append(library, to: &buffer)
            && append(#"":{"version":"#, version, to: &buffer)
            && append(#","where":"#, place.cString, to: &buffer)
            && append(#","source":"#, source, to: &buffer)
            && append("}", to: &buffer)
    }

    /// Where the libraries below are.
    private static var place: Literal {
        #if MACHINEID_PORTABLE
            "inside"
        #else
            "system"
        #endif
    }

    /// Appends JSON, and then a string of printable ASCII, or null without one.
    @inline(never)
    private static func append(
        _ json: Literal, _ string: UnsafePointer<CChar>?, to buffer: inout ByteBuffer
    ) -> Bool {
        guard append(json, to: &buffer) else { return false }
        guard let string else { return append("null", to: &buffer) }
        guard append(#"""#, to: &buffer) else { return false }
        var next = string
        while next[0] != 0 {
            guard let room = buffer.extend(by: 1) else { return false }
            room[0] = asItIsInJSON(UInt8(bitPattern: next[0]))
            next += 1
        }
        return append(#"""#, to: &buffer)
    }

    @inline(never)
    private static func append(_ json: Literal, to buffer: inout ByteBuffer) -> Bool {
        buffer.append(json.cString, count: strlen(json.cString))
    }

    /// A byte that can stand in a JSON string as it is; a question mark in place of any other.
    private static func asItIsInJSON(_ byte: UInt8) -> UInt8 {
        let isPlain = byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        return isPlain ? byte : UInt8(ascii: "?")
    }
}
