internal import CPlatform

/// What stands in a `Heap`: a pointer to shared memory that holds its place there. In one heap at most.
protocol Placed: BitwiseCopyable {
    /// nil when it is in none. The heap's own business.
    var place: Int? { get nonmutating set }
}

/// Elements in the order of a moment that each has: the earliest is at hand, and one is added, moved or removed in as
/// many steps as the count has binary digits. Only room for more takes memory.
struct Heap<Element: Placed>: ~Copyable {
    private struct Entry {
        let moment: Deadline
        let element: Element
    }

    /// None is earlier than the one at half its place: see `parent`.
    private var entries: UnsafeMutablePointer<Entry>?
    private var capacity = 0
    private(set) var count = 0

    deinit { free(entries) }

    /// The earliest.
    var first: (element: Element, moment: Deadline)? {
        guard count > 0, let first = entries?[0] else { return nil }
        return (first.element, first.moment)
    }

    /// nil when it is not in the heap.
    func moment(of element: Element) -> Deadline? {
        guard let place = element.place else { return nil }
        return entries?[place].moment
    }

    /// Makes room for one more. False when memory is refused; the heap is then as it was.
    mutating func reserve() -> Bool {
        if count < capacity { return true }
        let wanted = max(capacity &* 2, 16)
        guard let grown = realloc(entries, wanted &* MemoryLayout<Entry>.stride) else { return false }
        entries = grown.assumingMemoryBound(to: Entry.self)
        capacity = wanted
        return true
    }

    /// No effect without room.
    mutating func add(_ element: Element, at moment: Deadline) {
        guard count < capacity else { return }
        count &+= 1
        settle(Entry(moment: moment, element: element), from: count &- 1)
    }

    /// No effect when it is not in the heap.
    mutating func move(_ element: Element, to moment: Deadline) {
        guard let place = element.place else { return }
        settle(Entry(moment: moment, element: element), from: place)
    }

    /// No effect when it is not in the heap.
    mutating func remove(_ element: Element) {
        guard let place = element.place, let entries else { return }
        element.place = nil
        count &-= 1
        // The last one takes its place.
        if place < count { settle(entries[count], from: place) }
    }

    /// Puts an entry into a place that is free, or into that of one that has to make way.
    private func settle(_ entry: Entry, from free: Int) {
        guard let entries else { return }
        var place = free
        while place > 0, entry.moment < entries[parent(of: place)].moment {
            put(entries[parent(of: place)], at: place)
            place = parent(of: place)
        }
        while let child = earlierChild(of: place), entries[child].moment < entry.moment {
            put(entries[child], at: place)
            place = child
        }
        put(entry, at: place)
    }

    private func parent(of place: Int) -> Int { (place &- 1) / 2 }

    private func earlierChild(of place: Int) -> Int? {
        let (one, other) = (2 &* place &+ 1, 2 &* place &+ 2)
        guard one < count, let entries else { return nil }
        return other < count && entries[other].moment < entries[one].moment ? other : one
    }

    private func put(_ entry: Entry, at place: Int) {
        entries?[place] = entry
        entry.element.place = place
    }
}
