/// An element of a `LinkedList`: a pointer to shared memory that stores the element's neighbours. An element can be in
/// only one list at a time.
protocol ListElement: Equatable {
    var links: ListLinks<Self> { get nonmutating set }
}

/// The neighbours of an element.
struct ListLinks<Element> {
    var previous: Element?
    var next: Element?
}

/// A doubly linked list whose links are stored in the elements, so that adding one needs no memory.
struct LinkedList<Element: ListElement> {
    private(set) var first: Element?
    private var last: Element?
    private(set) var count = 0

    mutating func append(_ element: Element) {
        element.links = ListLinks(previous: last)
        if let last { last.links.next = element } else { first = element }
        last = element
        count &+= 1
    }

    /// Removes an element. Has no effect when it is not in the list.
    mutating func remove(_ element: Element) {
        let links = element.links
        guard links.previous != nil || first == element else { return }
        if let previous = links.previous { previous.links.next = links.next } else { first = links.next }
        if let next = links.next { next.links.previous = links.previous } else { last = links.previous }
        element.links = ListLinks()
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

    func first(where isWanted: (Element) -> Bool) -> Element? {
        var element = first
        while let current = element, !isWanted(current) { element = current.links.next }
        return element
    }

    func last(where isWanted: (Element) -> Bool) -> Element? {
        var element = last
        while let current = element, !isWanted(current) { element = current.links.previous }
        return element
    }

    /// `body` may remove the element that it is given.
    func forEach(_ body: (Element) -> Void) {
        var element = first
        while let current = element {
            element = current.links.next
            body(current)
        }
    }
}
