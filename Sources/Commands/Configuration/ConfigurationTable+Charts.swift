import HelmModel

extension ConfigurationTable {
    /// The named views of chart repositories.
    static let views = ConfigurationKey(
        path: "charts.views", form: "NAME=SELECTOR ...",
        summary: "Views of chart repositories by name, for /charts/NAMESPACE/~NAME/index.yaml.", flag: .none,
        read: { value, place, configuration throws(ValueMistake) in
            configuration.views =
                place.isFile
                ? try value.list(fromFile: true)
                // Selectors hold commas and semicolons.
                : try value.single().split(separator: " ").map(String.init)
            for view in configuration.views { _ = try NamedView(view) }
        },
        write: { .list($0.views) })
}

/// A view of the configuration: `stable=prereleases=no;newest=3`.
struct NamedView {
    /// What stands behind the `~` of a path.
    let name: String
    /// The selector's text.
    let selector: String

    /// Reads a view; the selector must be one.
    init(_ text: String) throws(ValueMistake) {
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")), equals > text.startIndex,
            text[..<equals].utf8.allSatisfy(NamedView.isNameByte)
        else {
            throw ValueMistake(
                "\(Printable.quoted(text)) is no view", hint: "write name=selector, such as stable=prereleases=no")
        }
        name = String(text[..<equals])
        selector = String(text[text.utf8.index(after: equals)...])
        do {
            _ = try ChartSelector(parsing: selector)
        } catch {
            throw ValueMistake("view \(name): \(error.description)")
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}
