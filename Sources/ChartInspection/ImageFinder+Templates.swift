import ChartArchive
import HelmModel

/// What templates say without being rendered.
extension ImageFinder {
    private static let maximumLine = 4096

    /// Lines `image: reference`, the reference written out but for the chart's appVersion as its tag.
    mutating func readTemplates(of tree: ChartTree, _ scope: ImageScope) {
        let appVersion = tree.metadata?.appVersion ?? ""
        for file in tree.templates {
            var number = 0
            for line in file.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
                number += 1
                guard line.count <= ImageFinder.maximumLine, let value = ImageFinder.value(of: line) else { continue }
                guard let image = ImageFinder.literal(value, appVersion: appVersion) else { continue }
                take(
                    image,
                    ChartImage.Source(
                        chart: scope.chart, place: "\(file.path):\(number)", confidence: .low, note: nil, key: nil))
            }
        }
    }

    /// What stands behind `image:` in a line; nil for other lines.
    private static func value(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = trimmed(line)
        if rest.starts(with: "- ".utf8) { rest = trimmed(rest.dropFirst(2)) }
        for key in ["image:", "\"image\":", "'image':"] where rest.starts(with: key.utf8) {
            let value = trimmed(rest.dropFirst(key.utf8.count))
            return value.isEmpty ? nil : value
        }
        return nil
    }

    /// The reference; nil when it follows from anything but the appVersion.
    private static func literal(_ value: ArraySlice<UInt8>, appVersion: String) -> String? {
        let text = String(decoding: value, as: UTF8.self)
        guard let open = text.firstRange(of: "{{") else { return unquoted(value) }
        guard let close = text[open.upperBound...].firstRange(of: "}}"), !appVersion.isEmpty else { return nil }
        let action = text[open.upperBound..<close.lowerBound].utf8.filter { !" \t-".utf8.contains($0) }
        guard action.elementsEqual(".Chart.AppVersion".utf8) || action.elementsEqual("$.Chart.AppVersion".utf8) else {
            return nil
        }
        let whole = text[..<open.lowerBound] + appVersion + text[close.upperBound...]
        guard whole.firstRange(of: "{{") == nil else { return nil }
        return unquoted(Array(whole.utf8)[...])
    }

    /// The text inside quotes, or up to white space.
    private static func unquoted(_ value: ArraySlice<UInt8>) -> String? {
        guard let first = value.first else { return nil }
        let isQuoted = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'")
        let body =
            isQuoted
            ? value.dropFirst().prefix { $0 != first } : value.prefix { !" \t\r,".utf8.contains($0) }
        // A comment, a block, an anchor, a collection: no reference.
        guard let start = body.first, !"#|>&*{[!".utf8.contains(start) else { return nil }
        return String(validating: body, as: UTF8.self)
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in " \t\r".utf8.contains(byte) }
        var line = line.drop(while: isSpace)
        while let last = line.last, isSpace(last) { line = line.dropLast() }
        return line
    }
}
