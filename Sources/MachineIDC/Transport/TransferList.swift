/// Transfers in order, linked through themselves: no memory is needed to be in line. A transfer is in one list at most.
struct TransferList {
    private(set) var first: Transfer?
    private var last: Transfer?

    mutating func append(_ transfer: Transfer) {
        transfer.state.pointee.previous = last
        transfer.state.pointee.next = nil
        if let last { last.state.pointee.next = transfer } else { first = transfer }
        last = transfer
    }

    mutating func remove(_ transfer: Transfer) {
        let previous = transfer.state.pointee.previous
        let next = transfer.state.pointee.next
        if let previous { previous.state.pointee.next = next } else { first = next }
        if let next { next.state.pointee.previous = previous } else { last = previous }
        transfer.state.pointee.previous = nil
        transfer.state.pointee.next = nil
    }

    mutating func removeFirst() -> Transfer? {
        guard let transfer = first else { return nil }
        remove(transfer)
        return transfer
    }

    mutating func removeLast() -> Transfer? {
        guard let transfer = last else { return nil }
        remove(transfer)
        return transfer
    }

    func forEach(_ body: (Transfer) -> Void) {
        var transfer = first
        while let current = transfer {
            transfer = current.state.pointee.next
            body(current)
        }
    }
}
