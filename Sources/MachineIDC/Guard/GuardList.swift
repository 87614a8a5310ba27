/// The live guards of a transport, linked through themselves.
struct GuardList {
    private(set) var first: Guard?

    mutating func add(_ one: Guard) {
        one.knowledge.pointee.previous = nil
        one.knowledge.pointee.next = first
        first?.knowledge.pointee.previous = one
        first = one
    }

    /// No effect when it is not in the list.
    mutating func remove(_ one: Guard) {
        let previous = one.knowledge.pointee.previous
        let next = one.knowledge.pointee.next
        guard previous != nil || first == one else { return }
        if let previous { previous.knowledge.pointee.next = next } else { first = next }
        next?.knowledge.pointee.previous = previous
        one.knowledge.pointee.previous = nil
        one.knowledge.pointee.next = nil
    }

    func forEach(_ body: (Guard) -> Void) {
        var one = first
        while let current = one {
            one = current.knowledge.pointee.next
            body(current)
        }
    }
}
