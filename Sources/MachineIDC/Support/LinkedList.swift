/// What stands in a `LinkedList`: a pointer to shared memory that holds its neighbours. In one list at most.
protocol Linked: Equatable {
    var previous: Self? { get nonmutating set }
    var next: Self? { get nonmutating set }
}

/// Elements in order, linked through themselves: no memory is needed to be in line.
struct LinkedList<Element: Linked> {
    private(set) var first: Element?
    private var last: Element?
    private(set) var count = 0

    mutating func append(_ element: Element) {
        element.previous = last
        element.next = nil
        if let last { last.next = element } else { first = element }
        last = element
        count &+= 1
    }

    /// No effect when it is not in the list.
    mutating func remove(_ element: Element) {
        let previous = element.previous
        let next = element.next
        guard previous != nil || first == element else { return }
        if let previous { previous.next = next } else { first = next }
        if let next { next.previous = previous } else { last = previous }
        element.previous = nil
        element.next = nil
        count &-= 1
    }

    mutating func removeFirst() -> Element? {
        guard let element = first else { return nil }
        remove(element)
        return element
    }

    mutating func removeLast() -> Element? {
        guard let element = last else { return nil }
        remove(element)
        return element
    }

    /// `body` may remove the element that it is given.
    func forEach(_ body: (Element) -> Void) {
        var element = first
        while let current = element {
            element = current.next
            body(current)
        }
    }
}
