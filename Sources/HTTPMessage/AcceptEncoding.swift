/// Which content codings a client takes: `Accept-Encoding` (RFC 9110 section 12.5.3).
public struct AcceptEncoding: Sendable {
    /// Whether gzip is named, or stood for by `*`, with a weight above zero.
    ///
    /// False without the field: Helm sends none.
    public let acceptsGzip: Bool

    /// Reads a field value; nil stands for no such field.
    ///
    /// What is malformed is skipped.
    public init(parsing value: String?) {
        var gzip: Bool?
        var any = false
        for element in (value ?? "").lowercased().split(separator: ",") {
            let parts = element.split(separator: ";").map { part in
                part.filter { $0 != " " && $0 != "\t" }
            }
            guard let name = parts.first else { continue }
            let isWanted = !parts.dropFirst().contains {
                $0.hasPrefix("q=") && $0.dropFirst(2).allSatisfy { "0.".contains($0) }
            }
            switch name {
            case "gzip", "x-gzip": gzip = isWanted
            case "*": any = isWanted
            default: break
            }
        }
        acceptsGzip = gzip ?? any
    }
}
