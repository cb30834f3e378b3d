/// Circles in a graph of charts.
enum ClosureCycles {
    /// Circles that share no node, the first node again at the end of each; at least one of every knot of circles.
    ///
    /// Linear in the edges for each circle found. No recursion.
    static func find(in edges: [[Int]]) -> [[Int]] {
        var remaining = Set(edges.indices)
        var cycles: [[Int]] = []
        prune(&remaining, edges)
        while let start = remaining.min() {
            // Whoever is left leads to somebody who is left, so a walk comes back to where it was.
            var path: [Int] = []
            var places: [Int: Int] = [:]
            var node: Int? = start
            while let current = node, places[current] == nil {
                places[current] = path.count
                path.append(current)
                node = edges[current].first { remaining.contains($0) }
            }
            guard let end = node, let first = places[end] else { return cycles }
            let cycle = Array(path[first...])
            cycles.append(cycle + [end])
            remaining.subtract(cycle)
            prune(&remaining, edges)
        }
        return cycles
    }

    /// Removes, again and again, who leads to nobody that remains.
    private static func prune(_ remaining: inout Set<Int>, _ edges: [[Int]]) {
        var incoming: [Int: [Int]] = [:]
        var outgoing: [Int: Int] = [:]
        for node in remaining {
            for target in edges[node] where remaining.contains(target) {
                incoming[target, default: []].append(node)
                outgoing[node, default: 0] += 1
            }
        }
        var idle = remaining.filter { outgoing[$0] == nil }
        while let node = idle.popFirst() {
            remaining.remove(node)
            for source in incoming[node] ?? [] {
                let left = (outgoing[source] ?? 0) - 1
                outgoing[source] = left
                if left == 0 { idle.insert(source) }
            }
        }
    }
}
