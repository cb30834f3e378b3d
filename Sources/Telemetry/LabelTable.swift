import Synchronization

/// The values of up to three labels; unused ones are empty.
struct LabelValues: Equatable, Sendable {
    var first: String
    var second = ""
    var third = ""

    var all: [String] { [first, second, third] }

    /// FNV-1a.
    ///
    /// Collisions made on purpose cost at most a walk over a table of bounded size.
    var hash: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        LabelValues.mix(first, into: &hash)
        LabelValues.mix(second, into: &hash)
        LabelValues.mix(third, into: &hash)
        return hash
    }

    private static func mix(_ text: String, into hash: inout UInt64) {
        var running = hash
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
            for byte in bytes { running = (running ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        if isDone == nil {
            for byte in text.utf8 { running = (running ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        hash = (running ^ 0xFF) &* 0x100_0000_01B3
    }
}

/// Children by label values, without a lock: they are only ever added, each into a slot that is written once.
///
/// Not generic, so that the hot path is compiled for what it is.
final class LabelTable: Sendable {
    typealias Child = AnyObject & Sendable

    private final class Entry: Sendable {
        let values: LabelValues
        let child: any Child

        init(values: LabelValues, child: any Child) {
            self.values = values
            self.child = child
        }
    }

    private final class Slot: Sendable {
        let entry = AtomicLazyReference<Entry>()
    }

    private let maximumChildren: Int
    private let make: @Sendable () -> any Child
    private let slots: [Slot]
    private let count = Atomic<Int>(0)
    private let other: any Child
    private let isOtherUsed = Atomic<Bool>(false)

    init(maximumChildren: Int, make: @escaping @Sendable () -> any Child) {
        precondition(maximumChildren > 0, "a metric family needs room for a child")
        self.maximumChildren = maximumChildren
        self.make = make
        // Twice the room, so a probe always ends at a free slot.
        slots = (0..<2 * maximumChildren).map { _ in Slot() }
        other = make()
    }

    func child(_ values: LabelValues) -> any Child {
        var index = Int(values.hash % UInt64(slots.count))
        while true {
            if let entry = slots[index].entry.load() {
                if entry.values == values { return entry.child }
                index = index + 1 == slots.count ? 0 : index + 1
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

    func children(labelCount: Int) -> [(values: [String], child: any Child)] {
        var all = slots.compactMap { slot in
            slot.entry.load().map { (values: Array($0.values.all.prefix(labelCount)), child: $0.child) }
        }
        all.sort { $0.values.lexicographicallyPrecedes($1.values) }
        if isOtherUsed.load(ordering: .relaxed) {
            all.append((Array(repeating: "other", count: labelCount), other))
        }
        return all
    }
}
