/// Transfers in order, linked through themselves: no memory is needed to be in line. A transfer is in one list at most.
struct TransferList {
    private(set) var first: Transfer?
    private var last: Transfer?

    mutating func append(_ transfer: Transfer) {
        transfer.place.pointee.previous = last
        transfer.place.pointee.next = nil
        if let last { last.place.pointee.next = transfer } else { first = transfer }
        last = transfer
    }

    mutating func remove(_ transfer: Transfer) {
        let previous = transfer.place.pointee.previous
        let next = transfer.place.pointee.next
        if let previous { previous.place.pointee.next = next } else { first = next }
        if let next { next.place.pointee.previous = previous } else { last = previous }
        transfer.place.pointee.previous = nil
        transfer.place.pointee.next = nil
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
            transfer = current.place.pointee.next
            body(current)
        }
    }
}
