import Synchronization

/// A metric split by one to three labels, with a bound on how many combinations there are.
///
/// The first `maximumChildren` combinations get a child of their own; all later ones share one whose values are all
/// `other`, so a client that invents values cannot fill the memory. A look-up takes no lock: children are only ever
/// added, each into a slot that is written once.
public final class MetricFamily<Child: AnyObject & Sendable>: Sendable {
    /// The label names.
    let labels: [StaticString]
    private let maximumChildren: Int
    private let make: @Sendable () -> Child
    private let slots: [Slot]
    private let count = Atomic<Int>(0)
    private let other: Child
    private let isOtherUsed = Atomic<Bool>(false)

    /// The values of up to three labels; unused ones are empty.
    struct Values: Hashable, Sendable {
        var first: String
        var second = ""
        var third = ""

        var all: [String] { [first, second, third] }
    }

    private final class Entry: Sendable {
        let values: Values
        let child: Child

        init(values: Values, child: Child) {
            self.values = values
            self.child = child
        }
    }

    private final class Slot: Sendable {
        let entry = AtomicLazyReference<Entry>()
    }

    init(labels: [StaticString], maximumChildren: Int, make: @escaping @Sendable () -> Child) {
        precondition((1...3).contains(labels.count), "a metric has one to three labels")
        precondition(maximumChildren > 0, "a metric family needs room for a child")
        self.labels = labels
        self.maximumChildren = maximumChildren
        self.make = make
        // Twice the room, so a probe always ends at a free slot.
        slots = (0..<2 * maximumChildren).map { _ in Slot() }
        other = make()
    }

    /// The child of one label value; for a family with one label.
    public func callAsFunction(_ first: String) -> Child {
        precondition(labels.count == 1, "one value for each label")
        return child(Values(first: first))
    }

    /// The child of two label values; for a family with two labels.
    public func callAsFunction(_ first: String, _ second: String) -> Child {
        precondition(labels.count == 2, "one value for each label")
        return child(Values(first: first, second: second))
    }

    /// The child of three label values; for a family with three labels.
    public func callAsFunction(_ first: String, _ second: String, _ third: String) -> Child {
        precondition(labels.count == 3, "one value for each label")
        return child(Values(first: first, second: second, third: third))
    }

    private func child(_ values: Values) -> Child {
        var index = Int(UInt(bitPattern: values.hashValue) % UInt(slots.count))
        while true {
            if let entry = slots[index].entry.load() {
                if entry.values == values { return entry.child }
                index = (index + 1) % slots.count
                continue
            }
            guard reserve() else {
                isOtherUsed.store(true, ordering: .relaxed)
                return other
            }
            let entry = Entry(values: values, child: make())
            let winner = slots[index].entry.storeIfNil(entry)
            if winner === entry { return entry.child }
            // Another thread took the slot first: give the place back and look again.
            count.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    private func reserve() -> Bool {
        guard count.load(ordering: .relaxed) < maximumChildren else { return false }
        guard count.wrappingAdd(1, ordering: .relaxed).newValue <= maximumChildren else {
            count.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Every child with its label values, sorted by them; the shared one last, once it was used.
    func children() -> [(values: [String], child: Child)] {
        var all = slots.compactMap { slot in
            slot.entry.load().map { (values: Array($0.values.all.prefix(labels.count)), child: $0.child) }
        }
        all.sort { $0.values.lexicographicallyPrecedes($1.values) }
        if isOtherUsed.load(ordering: .relaxed) {
            all.append((Array(repeating: "other", count: labels.count), other))
        }
        return all
    }
}
