import Testing

@testable import MachineIDC

private struct Item: HeapElement {
    private struct Known {
        var heapIndex: Int?
        /// The moment that the heap should hold; nil if the item is not in it.
        var moment: MonotonicTime?
    }

    private let known: UnsafeMutablePointer<Known>

    init() {
        known = .allocate(capacity: 1)
        known.initialize(to: Known())
    }

    func destroy() { known.deallocate() }

    var heapIndex: Int? {
        get { known.pointee.heapIndex }
        nonmutating set { known.pointee.heapIndex = newValue }
    }

    var moment: MonotonicTime? {
        get { known.pointee.moment }
        nonmutating set { known.pointee.moment = newValue }
    }
}

/// Makes each change both in a heap and in a plain list of its items, so that the two can be compared.
private struct Both: ~Copyable {
    var heap = Heap<Item>()
    let items: [Item]
    let start = MonotonicTime.now

    init(count: Int) { items = (0..<count).map { _ in Item() } }

    deinit { items.forEach { $0.destroy() } }

    mutating func add(_ item: Item, _ milliseconds: Int) {
        item.moment = start.advanced(milliseconds: milliseconds)
        let hasRoom = heap.reserve()
        #expect(hasRoom)
        heap.add(item, at: start.advanced(milliseconds: milliseconds))
    }

    mutating func move(_ item: Item, _ milliseconds: Int) {
        if item.moment != nil { item.moment = start.advanced(milliseconds: milliseconds) }
        heap.move(item, to: start.advanced(milliseconds: milliseconds))
    }

    mutating func remove(_ item: Item) {
        item.moment = nil
        heap.remove(item)
    }

    func expectSame() {
        let count = heap.count
        #expect(count == items.count { $0.moment != nil })
        #expect(Set(items.compactMap(\.heapIndex)) == Set(0..<count))
        for item in items { #expect(heap.moment(of: item) == item.moment) }
        let first = heap.first
        #expect(first?.moment == items.compactMap(\.moment).min())
        #expect(first?.element.moment == first?.moment)
    }
}

@Suite struct HeapTests {
    @Test func anEmptyHeapHasNoFirst() {
        let both = Both(count: 3)
        both.expectSame()
    }

    @Test func aMissingItemIsNeitherMovedNorRemoved() {
        var both = Both(count: 2)
        both.add(both.items[0], 5)
        both.move(both.items[1], 1)
        both.remove(both.items[1])
        both.expectSame()
        both.remove(both.items[0])
        both.remove(both.items[0])
        both.expectSame()
    }

    @Test func withoutRoomNothingIsAdded() {
        var heap = Heap<Item>()
        let item = Item()
        defer { item.destroy() }
        heap.add(item, at: .now)
        let count = heap.count
        #expect(count == 0)
        #expect(item.heapIndex == nil)
    }

    @Test func itemsLeaveTheTopInOrder() {
        var both = Both(count: 1_000)
        var random = RandomNumber(seed: 1)
        for item in both.items { both.add(item, random.below(500)) }
        var last = both.start
        while let first = both.heap.first {
            #expect(first.moment >= last)
            last = first.moment
            both.remove(first.element)
        }
        both.expectSame()
    }

    @Test(arguments: 1...20) func itStaysConsistentUnderRandomChanges(_ seed: Int) {
        var both = Both(count: 1 + seed * 5)
        var random = RandomNumber(seed: UInt64(seed))
        for _ in 0..<400 {
            let item = both.items[random.below(both.items.count)]
            if item.moment == nil {
                both.add(item, random.below(100))
            } else if random.below(3) == 0 {
                both.remove(item)
            } else {
                both.move(item, random.below(100))
            }
            both.expectSame()
        }
    }
}
