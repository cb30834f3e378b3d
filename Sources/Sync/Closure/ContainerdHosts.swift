internal import ChartInspection
public import OCIModel

/// `hosts.toml` files that make containerd pull images from where they were brought, charts unchanged.
///
/// Source: containerd v2.1.3 `docs/hosts.md`. A mirror is asked at `<prefix>/<repository of the source>`, so only
/// destinations that end in the source's repository can be said this way.
public struct ContainerdHosts: Sendable, Equatable {
    /// Texts by their paths below `certs.d`, `docker.io/hosts.toml`.
    public let files: [String: String]
    /// Images whose destination is named otherwise, sorted.
    public let unmapped: [Reference]

    /// Makes the files for some images.
    public init(_ images: [PlacedImage]) {
        var mirrors: [String: Set<String>] = [:]
        var unmapped: Set<Reference> = []
        for placed in images {
            guard let host = placed.image.reference.host, let mirror = ContainerdHosts.mirror(of: placed) else {
                unmapped.insert(placed.image.reference)
                continue
            }
            mirrors[host, default: []].insert(mirror)
        }
        var files: [String: String] = [:]
        for (host, urls) in mirrors {
            files["\(ContainerdHosts.directory(of: host))/hosts.toml"] = ContainerdHosts.text(
                host: host, mirrors: urls.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
        self.files = files
        self.unmapped = unmapped.sorted { $0.description.utf8.lexicographicallyPrecedes($1.description.utf8) }
    }

    /// The API's root below which the destination has the source's repositories.
    private static func mirror(of placed: PlacedImage) -> String? {
        let (source, target) = (placed.image.reference.repository.elements, placed.destination.repository.elements)
        guard target.suffix(source.count).elementsEqual(source) else { return nil }
        let prefix = target.dropLast(source.count).map { "/" + $0 }.joined()
        return "\(placed.destination.isSecure ? "https" : "http")://\(placed.destination.host)/v2\(prefix)"
    }

    /// Colons are written as every file system takes them: `host_5000_`.
    private static func directory(of host: String) -> String {
        guard let colon = host.utf8.lastIndex(of: UInt8(ascii: ":")), host.utf8.last != UInt8(ascii: "]") else {
            return host
        }
        return "\(host[..<colon])_\(host[colon...].dropFirst())_"
    }

    private static func text(host: String, mirrors: [String]) -> String {
        // Docker's name of its registry is not where its API is.
        let server = host == "docker.io" ? "registry-1.docker.io" : host
        var text = "server = \(quoted("https://" + server))\n"
        for mirror in mirrors {
            text += "\n[host.\(quoted(mirror))]\n  capabilities = [\"pull\", \"resolve\"]\n  override_path = true\n"
        }
        return text
    }

    /// A basic string of TOML v1.0.0.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..."\u{1F}", "\u{7F}":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
