/// Finds what differs between two sequences: the greedy algorithm of Myers, "An O(ND) difference algorithm" (1986).
///
/// Past `maximumEdits` it gives up on being minimal: the whole middle counts as replaced. Time and memory are bounded by
/// the square of that.
enum LineMatcher {
    static let maximumEdits = 1000

    /// A replaced part: what it was and what it is; one of the two may be empty.
    struct Change: Equatable {
        var old: Range<Int>
        var new: Range<Int>
    }

    /// The changes in order, with at least one equal element between any two.
    static func changes(from old: [Int], to new: [Int]) -> [Change] {
        var start = 0
        while start < old.count, start < new.count, old[start] == new[start] { start += 1 }
        var (oldEnd, newEnd) = (old.count, new.count)
        while oldEnd > start, newEnd > start, old[oldEnd - 1] == new[newEnd - 1] {
            oldEnd -= 1
            newEnd -= 1
        }
        let whole = Change(old: start..<oldEnd, new: start..<newEnd)
        if whole.old.isEmpty, whole.new.isEmpty { return [] }
        if whole.old.isEmpty || whole.new.isEmpty { return [whole] }
        return search(old, new, whole) ?? [whole]
    }

    /// The furthest reaching points on each diagonal for each number of edits; nil when there are too many.
    private static func search(_ old: [Int], _ new: [Int], _ part: Change) -> [Change]? {
        let (oldCount, newCount) = (part.old.count, part.new.count)
        let most = min(oldCount + newCount, maximumEdits)
        // Diagonals run from -edits to edits, so each row has its middle at `edits`.
        var rows: [[Int]] = []
        for edits in 0...most {
            var row = [Int](repeating: 0, count: 2 * edits + 1)
            for diagonal in stride(from: -edits, through: edits, by: 2) {
                var x = edits == 0 ? 0 : step(diagonal, edits, rows[edits - 1]).x
                while x < oldCount, x - diagonal < newCount,
                    old[part.old.lowerBound + x] == new[part.new.lowerBound + x - diagonal]
                { x += 1 }
                row[diagonal + edits] = x
                if diagonal == oldCount - newCount, x >= oldCount { return trace(rows, edits, part) }
            }
            rows.append(row)
        }
        return nil
    }

    /// Where a diagonal is entered with one more edit, and from which one: by an insertion, or a deletion.
    private static func step(_ diagonal: Int, _ edits: Int, _ row: [Int]) -> (x: Int, from: Int) {
        let middle = edits - 1
        let isInsertion =
            diagonal == -edits
            || (diagonal != edits && row[diagonal - 1 + middle] < row[diagonal + 1 + middle])
        return isInsertion
            ? (row[diagonal + 1 + middle], diagonal + 1) : (row[diagonal - 1 + middle] + 1, diagonal - 1)
    }

    /// Walks back from the end and gathers neighbouring edits.
    private static func trace(_ rows: [[Int]], _ edits: Int, _ part: Change) -> [Change] {
        var changes: [Change] = []
        var diagonal = part.old.count - part.new.count
        for number in stride(from: edits, to: 0, by: -1) {
            let (x, from) = step(diagonal, number, rows[number - 1])
            let isInsertion = from > diagonal
            let oldStart = part.old.lowerBound + (isInsertion ? x : x - 1)
            let newStart = part.new.lowerBound + x - diagonal - (isInsertion ? 1 : 0)
            let edit = Change(
                old: oldStart..<(oldStart + (isInsertion ? 0 : 1)), new: newStart..<(newStart + (isInsertion ? 1 : 0)))
            if let next = changes.last, next.old.lowerBound == edit.old.upperBound,
                next.new.lowerBound == edit.new.upperBound
            {
                changes[changes.count - 1] = Change(
                    old: edit.old.lowerBound..<next.old.upperBound, new: edit.new.lowerBound..<next.new.upperBound)
            } else {
                changes.append(edit)
            }
            diagonal = from
        }
        return changes.reversed()
    }
}
