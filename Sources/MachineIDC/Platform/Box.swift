internal import CPlatform

/// Moves a value to the C heap, where it stays until `destroyShared`. Throws when memory is refused, where Swift's own
/// allocation would end the process.
func allocateShared<Value: ~Copyable>(_ value: consuming Value) throws(Failure) -> UnsafeMutablePointer<Value> {
    guard let memory = malloc(MemoryLayout<Value>.stride) else { throw .outOfMemory }
    let pointer = memory.assumingMemoryBound(to: Value.self)
    pointer.initialize(to: value)
    return pointer
}

/// Destroys and frees a value from `allocateShared`.
func destroyShared<Value: ~Copyable>(_ pointer: UnsafeMutablePointer<Value>) {
    pointer.deinitialize(count: 1)
    free(pointer)
}

/// Owns a value on the C heap.
///
/// Members that change are kept in a box of their own beside those that never change: in Swift, modifying one field is
/// an access to the whole value around it, which no other thread may then even read.
struct Box<Value: ~Copyable>: ~Copyable {
    /// The value. It is valid until this box is destroyed.
    let pointer: UnsafeMutablePointer<Value>

    init(_ value: consuming Value) throws(Failure) {
        pointer = try allocateShared(value)
    }

    deinit { destroyShared(pointer) }
}
