public import OCIModel

/// The text of a classic repository's index, in pieces that are put together without parsing them.
///
/// An index is `head`, then for each chart `opening(of:)`, its entries with `between` between them and `closing`, with
/// `between` between the charts too, and `tail(generated:)`. Without charts head and tail are a whole index.
/// Source: helm.sh/helm/v4 v4.3.0 `pkg/repo/v1/index.go`; a JSON document may go by the name `index.yaml`.
public enum ChartIndexText {
    /// The name of a version's archive: `<name>-<version>.tgz`.
    public static func fileName(of metadata: ChartMetadata) -> String {
        "\(metadata.name)-\(metadata.version).tgz"
    }

    /// One version as Helm's `repo.ChartVersion` is written: compact, without line breaks.
    ///
    /// The fields of `configJSON`, then `urls` with `charts/<fileName>`, `created` and `digest`.
    /// - Parameters:
    ///   - created: an RFC 3339 time, written as it is; left out when empty.
    ///   - digest: of the archive; left out when nobody knows it.
    public static func entry(
        _ metadata: ChartMetadata, fileName: String, created: String, digest: Digest?
    ) -> [UInt8] {
        var members = metadata.jsonMembers + [("urls", .array([.string("charts/" + fileName)]))]
        if !created.isEmpty { members.append(("created", .string(created))) }
        if let digest { members.append(("digest", .string(digest.hex))) }
        return JSONValue.object(members).text(.go)
    }

    /// What an index begins with.
    public static let head = Array(#"{"apiVersion":"v1","entries":{"#.utf8)

    /// What stands in front of a chart's entries.
    public static func opening(of name: String) -> [UInt8] {
        JSONValue.string(name).text(.go) + Array(":[".utf8)
    }

    /// What stands between two entries, and between two charts.
    public static let between = Array(",".utf8)

    /// What stands behind a chart's entries.
    public static let closing = Array("]".utf8)

    /// What an index ends with.
    ///
    /// - Parameter time: an RFC 3339 time, written as it is.
    public static func tail(generated time: String) -> [UInt8] {
        Array(#"},"generated":"#.utf8) + JSONValue.string(time).text(.go) + Array("}\n".utf8)
    }
}
