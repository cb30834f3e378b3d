/// A path inside a chart's archive, taken apart as Helm does it, and more strictly.
///
/// Source: helm.sh/helm/v4 v4.3.0 `pkg/chart/loader/archive/archive.go`: the first element is dropped whatever it is,
/// and a path with a backslash was written on Windows.
struct EntryPath {
    private let written: String
    /// The top-level directory.
    let directory: String
    private let rest: [Substring]

    /// Refuses what leads outside: absolute paths, drive letters, `..`.
    init(_ written: String) throws(ChartArchiveError) {
        // By bytes: to Characters a slash with a combining mark behind it is no slash.
        let (slash, backslash) = (UInt8(ascii: "/"), UInt8(ascii: "\\"))
        let bytes = written.utf8
        let separator = bytes.contains(backslash) ? backslash : slash
        let parts = bytes.split(separator: separator, omittingEmptySubsequences: false).map { Substring($0) }
        let elements = bytes.split { $0 == slash || $0 == backslash }
        guard !elements.contains(where: { $0.elementsEqual("..".utf8) }) else {
            throw .path(written, problem: "leads to a parent directory")
        }
        guard let directory = parts.first, !directory.isEmpty, !EntryPath.isDrive(directory) else {
            throw .path(written, problem: "is an absolute path")
        }
        self.written = written
        self.directory = String(directory)
        rest = Array(parts.dropFirst())
    }

    /// What stands behind the top-level directory, cleaned, with `/` between the elements.
    func insideDirectory() throws(ChartArchiveError) -> String {
        guard rest.first?.isEmpty != true || rest.count == 1, !EntryPath.isDrive(rest.first ?? "") else {
            throw .path(written, problem: "is an absolute path")
        }
        guard directory != "Chart.yaml" else { throw .path(written, problem: "is not in a directory of the chart's") }
        let elements = rest.flatMap { $0.utf8.split(separator: UInt8(ascii: "/")).map { Substring($0) } }
            .filter { !$0.utf8.elementsEqual(".".utf8) }
        guard !elements.isEmpty else { throw .path(written, problem: "is outside the chart's directory") }
        return elements.joined(separator: "/")
    }

    /// `c:`, as in `c:/file`.
    private static func isDrive(_ element: Substring) -> Bool {
        guard element.utf8.count == 2, let first = element.utf8.first, element.utf8.last == UInt8(ascii: ":") else {
            return false
        }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20)
    }
}
