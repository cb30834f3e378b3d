/// First come, first served, in amortised constant time; takes room for twice as many as wait, also when it never
/// runs empty.
struct WaitingLine<Element> {
    private var elements: [Element] = []
    private var next = 0

    /// How many wait.
    var count: Int { elements.count - next }

    /// How many there is room for.
    var capacity: Int { elements.capacity }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard next < elements.count else { return nil }
        let element = elements[next]
        next += 1
        if next == elements.count {
            elements.removeAll(keepingCapacity: elements.capacity <= 4096)
            next = 0
        } else if next >= 1024, 2 * next >= elements.count {
            elements.removeFirst(next)
            next = 0
        }
        return element
    }
}
