public import HTTPClient

/// Which hosts a repository's index and its redirects may name besides the repository's own.
public enum AllowedHosts: Sendable, Equatable {
    /// None.
    case own
    /// These: `host`, `host:port`, or `*.domain` for every host below a domain.
    case listed([String])
    /// Every host that lies no nearer than the repository: a public one may name no host of a private network, and
    /// none but one of this machine may name this machine or its link.
    ///
    /// What counts is the address that is connected to, whatever the host is called.
    case any

    /// Whether a repository at `own` may send us to `target`.
    public func allows(_ target: HTTPURL, from own: HTTPURL) -> Bool {
        let host = target.origin.host
        if host == own.origin.host { return true }
        switch self {
        case .own: return false
        case .listed(let patterns): return patterns.contains { AllowedHosts.matches($0, target) }
        case .any: return !AllowedHosts.isLocal(host) || AllowedHosts.isLocal(own.origin.host)
        }
    }

    /// Whether the configuration names the host, wherever it lies.
    func names(_ target: HTTPURL) -> Bool {
        guard case .listed(let patterns) = self else { return false }
        return patterns.contains { AllowedHosts.matches($0, target) }
    }

    /// Whether a repository on the host `own` may send us to a registry; both `host` or `host:port`.
    public func allows(registry host: String, from own: String) -> Bool {
        guard let target = try? HTTPURL(parsing: "https://\(host)"),
            let source = try? HTTPURL(parsing: "https://\(own)")
        else { return false }
        return allows(target, from: source)
    }

    private static func matches(_ pattern: String, _ target: HTTPURL) -> Bool {
        let pattern = pattern.lowercased()
        if pattern.hasPrefix("*.") {
            let suffix = pattern.dropFirst()
            return target.origin.host.hasSuffix(suffix) && target.origin.host.utf8.count > suffix.utf8.count
        }
        return pattern == target.origin.host || pattern == "\(target.origin.host):\(target.origin.port)"
    }

    /// Names and addresses of this machine and of what is directly attached to it, where cloud metadata live too.
    static func isLocal(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "localhost." { return true }
        if host.hasPrefix("[") {
            let address = host.dropFirst().prefix { $0 != "]" && $0 != "%" }
            let isMapped = address.hasPrefix("::ffff:") || address.hasPrefix("::") && address.contains(".")
            return ["::1", "::"].contains(address) || address.hasPrefix("fe8") || address.hasPrefix("fe9")
                || address.hasPrefix("fea") || address.hasPrefix("feb") || isMapped
        }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        // Other spellings of an address, as 0x7f.1, are turned into this one by the URL parser.
        guard numbers.count == 4, let first = numbers[0], let second = numbers[1] else { return false }
        return first == 127 || first == 0 || (first == 169 && second == 254)
    }
}
