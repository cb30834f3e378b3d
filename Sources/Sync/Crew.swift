/// Works on many things, a few at a time.
enum Crew {
    /// Gives what the work gives, in the order of the elements; at most `limit` are under way.
    static func map<Element: Sendable, Value: Sendable>(
        _ elements: [Element], limit: Int, _ work: @escaping @Sendable (Element) async -> Value
    ) async -> [Value] {
        var values = [Value?](repeating: nil, count: elements.count)
        await withTaskGroup(of: (Int, Value).self) { group in
            var next = 0
            func begin() {
                let position = next
                let element = elements[position]
                next += 1
                group.addTask { (position, await work(element)) }
            }
            while next < min(max(1, limit), elements.count) { begin() }
            for await (position, value) in group {
                values[position] = value
                if next < elements.count { begin() }
            }
        }
        return values.compactMap { $0 }
    }
}
