/// Reads the body of a reply with Transfer-Encoding: chunked, as it arrives from the server.
///
/// libcurl reads the chunks as well, to learn where the reply ends, but each version accepts other faults: text after a
/// size, line feeds alone, blanks. Here a body is exactly what HTTP/1.1 says, or it is refused.
struct ChunkReader {
    enum Result {
        case read
        case fault(HeadFault)
        /// The function that stores data refused.
        case notStored
    }

    /// What the next byte belongs to.
    private enum Place {
        case sizeStart, size, blankAfterSize, sizeExtension, sizeLineFeed
        case data, dataReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed
        case end
    }

    /// The longest line with a size, in bytes.
    private static var longestSizeLine: Int { 1024 }
    /// The most bytes of trailers.
    private static var maximumTrailerBytes: Int { 64 * 1024 }
    /// A size beyond this is refused before it can overflow. No reply is allowed to be that long.
    private static var maximumSize: Int { 1 << 40 }

    private var place = Place.sizeStart
    /// The size of the chunk, and then how many bytes of its data are still to come.
    private var left = 0
    /// The bytes of the present line with a size; after the last chunk, of the trailers.
    private var lineBytes = 0

    /// Whether the body has ended.
    var isAtEnd: Bool { place == .end }

    /// Reads bytes from the server, and calls `store` with the data in them. Ignores what follows the end of the body:
    /// the connection is not used again with bytes that nobody asked for.
    mutating func take(
        _ bytes: UnsafePointer<CChar>, count: Int, store: (UnsafePointer<CChar>, Int) -> Bool
    ) -> Result {
        var index = 0
        while index < count, place != .end {
            if place == .data {
                let part = min(left, count &- index)
                guard store(bytes + index, part) else { return .notStored }
                index &+= part
                left &-= part
                if left == 0 { place = .dataReturn }
                continue
            }
            guard let next = place(after: UInt8(bitPattern: bytes[index])) else { return .fault(.malformedChunk) }
            place = next
            lineBytes &+= 1
            index &+= 1
            if lineBytes > ChunkReader.maximumTrailerBytes { return .fault(.tooLarge) }
        }
        return .read
    }

    /// The place after this byte, which is not data; nil when the byte must not be there.
    private mutating func place(after byte: UInt8) -> Place? {
        switch place {
        case .sizeStart:
            (left, lineBytes) = (0, 0)
            return takeDigit(byte) ? .size : nil
        case .size:
            return takeDigit(byte) ? .size : afterSize(byte)
        case .blankAfterSize:
            return afterSize(byte)
        case .sizeExtension:
            if byte == 0x0d { return .sizeLineFeed }
            return isText(byte) && lineBytes < ChunkReader.longestSizeLine ? .sizeExtension : nil
        case .sizeLineFeed:
            guard byte == 0x0a else { return nil }
            return left > 0 ? .data : .trailerStart
        case .dataReturn: return byte == 0x0d ? .dataLineFeed : nil
        case .dataLineFeed: return byte == 0x0a ? .sizeStart : nil
        case .trailerStart:
            if byte == 0x0d { return .lastLineFeed }
            return isOfName(byte) ? .trailerName : nil
        case .trailerName:
            if byte == 0x3a { return .trailerValue }
            return isOfName(byte) ? .trailerName : nil
        case .trailerValue:
            if byte == 0x0d { return .trailerLineFeed }
            return isText(byte) ? .trailerValue : nil
        case .trailerLineFeed: return byte == 0x0a ? .trailerStart : nil
        case .lastLineFeed: return byte == 0x0a ? .end : nil
        case .data, .end: return place
        }
    }

    /// The place after the digits of a size: blanks, an extension or the end of the line.
    private func afterSize(_ byte: UInt8) -> Place? {
        guard lineBytes < ChunkReader.longestSizeLine else { return nil }
        switch byte {
        case 0x20, 0x09: return .blankAfterSize
        case 0x3b: return .sizeExtension
        case 0x0d: return .sizeLineFeed
        default: return nil
        }
    }

    /// Adds a digit to the size. Returns false when the byte is none, or the size becomes too large.
    private mutating func takeDigit(_ byte: UInt8) -> Bool {
        let digit: UInt8
        switch byte {
        case 0x30...0x39: digit = byte &- 0x30
        case 0x41...0x46: digit = byte &- 0x37
        case 0x61...0x66: digit = byte &- 0x57
        default: return false
        }
        left = left &* 16 &+ Int(digit)
        return left <= ChunkReader.maximumSize && lineBytes < 16
    }

    /// Whether a byte may stand in an extension or a trailer's value.
    private func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7f || byte == 0x09 }

    /// Whether a byte may stand in a trailer's name.
    private func isOfName(_ byte: UInt8) -> Bool { (0x21...0x7e).contains(byte) && byte != 0x3a }
}
