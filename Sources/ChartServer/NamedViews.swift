internal import Content
internal import HelmModel
internal import OCIModel

/// Views of a repository's index, by name or spelt out.
struct NamedViews: Sendable {
    private let selectors: [String: ChartSelector]

    /// Reads the selector of each name.
    ///
    /// - Throws: `.parameterInvalid` for a selector that is none.
    init(_ texts: [String: String]) throws(ContentError) {
        var selectors: [String: ChartSelector] = [:]
        for (name, text) in texts {
            do {
                selectors[name] = try ChartSelector(parsing: text)
            } catch {
                throw .parameterInvalid("view \(OCIParseError.quote(name)): \(error)")
            }
        }
        self.selectors = selectors
    }

    /// What stands behind the `~` of a path: a selector when it holds a `=`, else a name.
    ///
    /// - Throws: `.parameterInvalid`, `.nameUnknown`.
    func selector(_ text: String) throws(ContentError) -> ChartSelector {
        if let known = selectors[text] { return known }
        guard text.utf8.contains(UInt8(ascii: "=")) else {
            throw .nameUnknown(
                "there is no view \(OCIParseError.quote(text)): name one of the configuration, or select with "
                    + "~chart=<name>;version=<range>")
        }
        do {
            return try ChartSelector(parsing: text)
        } catch {
            throw .parameterInvalid("view \(OCIParseError.quote(text)): \(error)")
        }
    }
}
