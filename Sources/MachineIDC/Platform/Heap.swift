internal import CPlatform

/// An element of a `Heap`: a pointer to shared memory that stores the element's index in the heap. An element can be in
/// only one heap at a time.
protocol HeapElement: BitwiseCopyable {
    /// The index in the heap; nil when the element is in none. Only the heap sets it.
    var heapIndex: Int? { get nonmutating set }
}

/// A binary heap of elements that are ordered by a moment each. The earliest is found at once; adding, moving and
/// removing take logarithmic time. Only `reserve` allocates.
struct Heap<Element: HeapElement>: ~Copyable {
    /// An element with its moment.
    private struct Entry {
        let moment: MonotonicTime
        let element: Element
    }

    /// No entry is earlier than its parent: see `parent`.
    private var entries: UnsafeMutablePointer<Entry>?
    private var capacity = 0
    private(set) var count = 0

    deinit { free(entries) }

    /// The element with the earliest moment.
    var first: (element: Element, moment: MonotonicTime)? {
        guard count > 0, let first = entries?[0] else { return nil }
        return (first.element, first.moment)
    }

    /// The moment of an element; nil when it is not in the heap.
    func moment(of element: Element) -> MonotonicTime? {
        guard let index = element.heapIndex else { return nil }
        return entries?[index].moment
    }

    /// Makes room for one more element. Returns false when memory is refused, and leaves the heap as it was.
    mutating func reserve() -> Bool {
        if count < capacity { return true }
        let wanted = max(capacity &* 2, 16)
        guard let grown = realloc(entries, wanted &* MemoryLayout<Entry>.stride) else { return false }
        entries = grown.assumingMemoryBound(to: Entry.self)
        capacity = wanted
        return true
    }

    /// Adds an element. Has no effect unless `reserve` has made room for it.
    mutating func add(_ element: Element, at moment: MonotonicTime) {
        guard count < capacity else { return }
        count &+= 1
        settle(Entry(moment: moment, element: element), from: count &- 1)
    }

    /// Changes the moment of an element. Has no effect when it is not in the heap.
    mutating func move(_ element: Element, to moment: MonotonicTime) {
        guard let index = element.heapIndex else { return }
        settle(Entry(moment: moment, element: element), from: index)
    }

    /// Removes an element. Has no effect when it is not in the heap.
    mutating func remove(_ element: Element) {
        guard let index = element.heapIndex, let entries else { return }
        element.heapIndex = nil
        count &-= 1
        // The last entry fills the gap.
        if index < count { settle(entries[count], from: index) }
    }

    /// Puts an entry into a free slot, and moves it up or down to where it belongs.
    private func settle(_ entry: Entry, from free: Int) {
        guard let entries else { return }
        var index = free
        while index > 0, entry.moment < entries[parent(of: index)].moment {
            put(entries[parent(of: index)], at: index)
            index = parent(of: index)
        }
        while let child = earlierChild(of: index), entries[child].moment < entry.moment {
            put(entries[child], at: index)
            index = child
        }
        put(entry, at: index)
    }

    private func parent(of index: Int) -> Int { (index &- 1) / 2 }

    /// The child with the earlier moment; nil when there is no child.
    private func earlierChild(of index: Int) -> Int? {
        let (one, other) = (2 &* index &+ 1, 2 &* index &+ 2)
        guard one < count, let entries else { return nil }
        return other < count && entries[other].moment < entries[one].moment ? other : one
    }

    /// Stores an entry, and tells its element the index.
    private func put(_ entry: Entry, at index: Int) {
        entries?[index] = entry
        entry.element.heapIndex = index
    }
}
