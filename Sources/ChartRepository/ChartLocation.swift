internal import Content
public import HTTPClient
internal import OCIModel

/// Where an entry of an index says that an archive is.
public enum ChartLocation: Sendable, Equatable {
    /// At a URL.
    case http(HTTPURL)
    /// In a registry: the whole text, as `oci://host/path/name:version`.
    case registry(String)
}

extension ChartRepositorySource {
    /// The URL of a file of the repository.
    func url(of file: String) throws(HTTPClientError) -> HTTPURL {
        try directory.resolving(file).withQuery(url.query)
    }

    /// What a `urls` element stands for, as Helm resolves it.
    ///
    /// A relative reference is followed from the repository's URL, taken as a directory, and the query of that URL takes
    /// the place of its own; but the query never goes to another origin, as a reference `//host/path` would have it.
    /// Source: helm.sh/helm/v4 v4.3.0 `pkg/repo/v1/chartrepo.go`, `ResolveReferenceURL`.
    func location(of reference: String) throws(HTTPClientError) -> ChartLocation {
        switch ChartRepositorySource.scheme(of: reference) {
        case "oci": return .registry(reference)
        case "http", "https": return .http(try HTTPURL(parsing: ChartRepositorySource.escaped(reference)))
        case .some(let scheme): throw .urlInvalid("the scheme \(OCIParseError.quote(scheme)) is not spoken here")
        case nil: break
        }
        let path = reference.prefix { $0 != "?" && $0 != "#" }
        guard !path.isEmpty else { throw .urlInvalid("the URL is empty") }
        let target = try directory.resolving(ChartRepositorySource.escaped(String(path)))
        return .http(target.origin == url.origin ? try target.withQuery(url.query) : target)
    }

    /// The repository's URL with a slash at its end and without a query.
    private var directory: HTTPURL {
        get throws(HTTPClientError) {
            let path = url.path.hasSuffix("/") ? url.path : url.path + "/"
            return try HTTPURL(parsing: "\(url.origin.scheme.rawValue)://\(url.authority)\(path)")
        }
    }

    /// The scheme in lower case; nil for a relative reference.
    private static func scheme(of reference: String) -> String? {
        guard let colon = reference.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let scheme = reference[..<colon].lowercased()
        let isScheme = scheme.utf8.enumerated().allSatisfy { position, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                position > 0
            default: false
            }
        }
        return isScheme && !scheme.isEmpty ? scheme : nil
    }

    /// What may stand in no URL is escaped, as Go writes it: blanks, what is not ASCII, and `\`, which some take for `/`.
    private static func escaped(_ reference: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in reference.utf8 {
            if byte <= 0x20 || byte >= 0x7F || "\"<>\\^`{|}".utf8.contains(byte) {
                result += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension HTTPURL {
    /// The same place with a query, which is percent-encoded already; nil leaves it as it is.
    func withQuery(_ query: String?) throws(HTTPClientError) -> HTTPURL {
        guard let query else { return self }
        return try HTTPURL(parsing: "\(origin.scheme.rawValue)://\(authority)\(path)?\(query)")
    }

    /// The same with `.prov` behind the path.
    func ofProvenance() throws(HTTPClientError) -> HTTPURL {
        let bare = try HTTPURL(parsing: "\(origin.scheme.rawValue)://\(authority)\(path).prov")
        return try bare.withQuery(query)
    }
}
