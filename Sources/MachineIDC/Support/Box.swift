internal import CPlatform

/// Puts a value on the C heap, where it stays until `deallocate`. Checked: a refusal of memory is a failure, where Swift's
/// own allocation would end the process.
func allocate<Value: ~Copyable>(_ value: consuming Value) throws(Failure) -> UnsafeMutablePointer<Value> {
    guard let memory = malloc(MemoryLayout<Value>.stride) else { throw .outOfMemory }
    let pointer = memory.assumingMemoryBound(to: Value.self)
    pointer.initialize(to: value)
    return pointer
}

/// Ends a value that `allocate` put on the heap.
func deallocate<Value: ~Copyable>(_ pointer: UnsafeMutablePointer<Value>) {
    pointer.deinitialize(count: 1)
    free(pointer)
}

/// The owner of one such value.
///
/// What changes stands in a box of its own beside what never does: to Swift, changing one field is an access to the whole
/// value around it, which another thread must not even read meanwhile.
struct Box<Value: ~Copyable>: ~Copyable {
    let pointer: UnsafeMutablePointer<Value>

    init(_ value: consuming Value) throws(Failure) {
        pointer = try allocate(value)
    }

    deinit { deallocate(pointer) }
}
