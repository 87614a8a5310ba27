import CMachineID
import Foundation

@testable import MachineIDC

extension Message {
    /// Returns the text and destroys the message.
    func take() -> String {
        defer { destroy() }
        return withBytes { bytes, count in
            String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        }
    }
}

/// The status and the message of the failure that `body` throws; nil if it throws none.
func failure(_ body: () throws(Failure) -> Void) -> (status: Status, message: String)? {
    do throws(Failure) {
        try body()
        return nil
    } catch {
        return (error.status, error.message.take())
    }
}

/// Passes these bytes as a caller would: any bytes, followed by a NUL.
func withBytes<Result>(
    _ bytes: [UInt8], _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
) throws(Failure) -> Result {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
    defer { copy.deallocate() }
    for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
    copy[bytes.count] = 0
    return try body(copy)
}

func withText<Result>(
    _ text: String, _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
) throws(Failure) -> Result {
    try withBytes(Array(text.utf8), body)
}

extension String {
    init?(_ text: borrowing CString) {
        guard let pointer = text.pointer else { return nil }
        self.init(cString: pointer)
    }
}
