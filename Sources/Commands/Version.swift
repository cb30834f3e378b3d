import OCIModel

/// What this program is.
enum ProgramVersion {
    /// The version, as in the changelog.
    static let text = "0.1.0"
}

extension Command {
    static let version = Command(
        name: "version", summary: "Show the version", options: [OutputFormat.option],
        run: { invocation async throws(CommandError) in
            try invocation.show(
                json: .object([("version", .string(ProgramVersion.text))]), table: "chartroom \(ProgramVersion.text)\n")
        })
}
