/// A unified difference between two texts, bounded.
public struct TextDiff: Sendable, Equatable {
    /// Hunks as `diff -u` writes them, without the lines that name the files; empty when nothing differs.
    public let text: String
    /// Whether there was more than fits.
    public let isTruncated: Bool

    /// The most bytes of one difference.
    public static let maximumBytes = 64 << 10
    private static let context = 3

    /// Compares two texts line by line.
    public init(from old: [UInt8], to new: [UInt8]) {
        let oldLines = TextDiff.lines(of: old)
        let newLines = TextDiff.lines(of: new)
        var numbers: [ArraySlice<UInt8>: Int] = [:]
        func number(_ line: ArraySlice<UInt8>) -> Int {
            if let known = numbers[line] { return known }
            let next = numbers.count
            numbers[line] = next
            return next
        }
        let changes = LineMatcher.changes(from: oldLines.map(number), to: newLines.map(number))
        var writer = Writer(old: oldLines, new: newLines)
        for hunk in TextDiff.hunks(of: changes) where !writer.isFull { writer.write(hunk) }
        text = String(decoding: writer.output, as: UTF8.self)
        isTruncated = writer.isFull
    }

    /// Lines with their ends, so that a missing last line end is a difference.
    private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
            lines.append(bytes[start..<end])
            start = end
        }
        return lines
    }

    /// Changes whose surroundings touch.
    private static func hunks(of changes: [LineMatcher.Change]) -> [[LineMatcher.Change]] {
        var hunks: [[LineMatcher.Change]] = []
        for change in changes {
            if let last = hunks.last?.last, change.old.lowerBound - last.old.upperBound <= 2 * context {
                hunks[hunks.count - 1].append(change)
            } else {
                hunks.append([change])
            }
        }
        return hunks
    }

    private struct Writer {
        let old: [ArraySlice<UInt8>]
        let new: [ArraySlice<UInt8>]
        var output: [UInt8] = []
        var isFull = false

        mutating func write(_ hunk: [LineMatcher.Change]) {
            guard let first = hunk.first, let last = hunk.last else { return }
            let before = min(context, first.old.lowerBound)
            let after = min(context, old.count - last.old.upperBound)
            let oldRange = (first.old.lowerBound - before)..<(last.old.upperBound + after)
            let newRange = (first.new.lowerBound - before)..<(last.new.upperBound + after)
            output += "@@ -\(Writer.place(oldRange)) +\(Writer.place(newRange)) @@\n".utf8
            var position = oldRange.lowerBound
            for change in hunk {
                write(" ", old[position..<change.old.lowerBound])
                write("-", old[change.old])
                write("+", new[change.new])
                position = change.old.upperBound
            }
            write(" ", old[position..<oldRange.upperBound])
        }

        private mutating func write(_ mark: Unicode.Scalar, _ lines: ArraySlice<ArraySlice<UInt8>>) {
            for line in lines {
                guard !isFull, output.count + line.count < TextDiff.maximumBytes else {
                    isFull = true
                    return
                }
                output.append(UInt8(ascii: mark))
                output += line
                if line.last != UInt8(ascii: "\n") { output += "\n\\ No newline at end of file\n".utf8 }
            }
        }

        /// The first line, counted from 1, and how many; an empty range stands behind the line before it.
        private static func place(_ range: Range<Int>) -> String {
            let start = range.isEmpty ? range.lowerBound : range.lowerBound + 1
            return range.count == 1 ? "\(start)" : "\(start),\(range.count)"
        }
    }
}
