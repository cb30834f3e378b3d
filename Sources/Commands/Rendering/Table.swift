/// Rows for people: aligned columns, two blanks apart, no lines, no colour.
struct Table {
    /// How a column is filled.
    enum Alignment {
        case left, right
    }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    init(_ columns: [(title: String, alignment: Alignment)]) {
        self.columns = columns
    }

    /// Adds a row with a cell for each column; text from outside is made fit for a terminal here.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row has a cell for each column")
        rows.append(cells.map(Printable.text))
    }

    /// The table with a final newline; titles first, also when there are no rows.
    var text: String {
        let all = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let lines = all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += (column > 0 ? "  " : "")
                line += columns[column].alignment == .left ? cell + padding : padding + cell
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line + "\n"
        }
        return lines.joined()
    }

    /// Names and values below each other.
    static func pairs(_ pairs: [(String, String)]) -> String {
        let width = pairs.map(\.0.count).max() ?? 0
        return pairs.map { name, value in
            name + ":" + String(repeating: " ", count: width - name.count + 2) + Printable.text(value) + "\n"
        }.joined()
    }
}
