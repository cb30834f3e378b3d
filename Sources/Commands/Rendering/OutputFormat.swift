import OCIModel

/// How data is written.
enum OutputFormat: String, CaseIterable, Sendable {
    /// Aligned columns, for people.
    case table
    /// Indented JSON of a documented shape, for programs.
    case json

    /// `--output`, `-o`.
    static let option = Command.Option.value(
        "output", short: "o", "FORMAT", "How to write the result; default table.",
        kind: .choice(allCases.map(\.rawValue)))
}

extension Invocation {
    /// Writes a result in the format that was asked for.
    func show(json: @autoclosure () -> JSONValue, table: @autoclosure () -> String) throws(CommandError) {
        switch arguments["output"].flatMap(OutputFormat.init) ?? .table {
        case .json: try console.output(Printable.json(json().description(.indented)) + "\n")
        case .table: try console.output(table())
        }
    }
}
