/// Finds the word somebody meant.
enum Suggestion {
    /// `did you mean …?`, when a candidate is near enough.
    static func hint(for word: String, among candidates: [String]) -> String? {
        nearest(to: word, among: candidates).map { "did you mean \($0)?" }
    }

    /// The candidate with the fewest edits, at most a third of its length; else one that begins like the word.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        guard !word.isEmpty, word.utf8.count <= 64 else { return nil }
        let near =
            candidates
            .map { (candidate: $0, distance: distance(Array(word.lowercased().utf8), Array($0.lowercased().utf8))) }
            .filter { $0.distance <= max(1, $0.candidate.utf8.count / 3) }
            .min { $0.distance < $1.distance }
        if let near { return near.candidate }
        return word.utf8.count < 3 ? nil : candidates.first { $0.lowercased().hasPrefix(word.lowercased()) }
    }

    /// How many insertions, deletions, replacements and swaps of neighbours lie between two words.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(
                    previous[column + 1] + 1, current[column] + 1, previous[column] + (byte == other ? 0 : 1))
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    best = min(best, beforePrevious[column - 1] + 1)
                }
                current.append(best)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}
