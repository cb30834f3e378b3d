/// A metric split by one to three labels, with a bound on how many combinations there are.
///
/// The first `maximumChildren` combinations get a child of their own; all later ones share one whose values are all
/// `other`, so a client that invents values cannot fill the memory. A look-up takes no lock and allocates nothing once
/// the child is there.
public final class MetricFamily<Child: AnyObject & Sendable>: Sendable {
    /// The label names.
    let labels: [StaticString]
    private let table: LabelTable

    init(labels: [StaticString], maximumChildren: Int, make: @escaping @Sendable () -> Child) {
        precondition((1...3).contains(labels.count), "a metric has one to three labels")
        self.labels = labels
        table = LabelTable(maximumChildren: maximumChildren, make: make)
    }

    /// The child of one label value; for a family with one label.
    public func callAsFunction(_ first: String) -> Child {
        precondition(labels.count == 1, "one value for each label")
        return child(LabelValues(first: first))
    }

    /// The child of two label values; for a family with two labels.
    public func callAsFunction(_ first: String, _ second: String) -> Child {
        precondition(labels.count == 2, "one value for each label")
        return child(LabelValues(first: first, second: second))
    }

    /// The child of three label values; for a family with three labels.
    public func callAsFunction(_ first: String, _ second: String, _ third: String) -> Child {
        precondition(labels.count == 3, "one value for each label")
        return child(LabelValues(first: first, second: second, third: third))
    }

    /// The table holds nothing but what `make` gave, so the cast cannot fail.
    private func child(_ values: LabelValues) -> Child {
        unsafeDowncast(table.child(values), to: Child.self)
    }

    /// Every child with its label values, sorted by them; the shared one last, once it was used.
    func children() -> [(values: [String], child: Child)] {
        table.children(labelCount: labels.count).map { ($0.values, unsafeDowncast($0.child, to: Child.self)) }
    }
}
