/// What the environment says of proxies, read as libcurl 7.88.1 reads it (`lib/url.c`, `lib/noproxy.c`).
///
/// Only foretells what libcurl will do; networks in `no_proxy` are left out, since hosts that are addresses are told by
/// themselves.
struct ProxyEnvironment {
    let variable: (String) -> String?

    /// Whether a request to the URL goes through a proxy.
    func covers(_ url: HTTPURL) -> Bool {
        let own = url.origin.scheme == .http ? ["http_proxy"] : ["https_proxy", "HTTPS_PROXY"]
        let isSet = (own + ["all_proxy", "ALL_PROXY"]).contains { value($0) != nil }
        return isSet && !exempts(url.origin.host)
    }

    private func exempts(_ host: String) -> Bool {
        guard let list = value("no_proxy") ?? value("NO_PROXY") else { return false }
        if list == "*" { return true }
        let bare = host.hasPrefix("[") ? host.dropFirst().prefix { $0 != "]" } : trimmed(host[...])
        return list.lowercased().split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }).contains { entry in
            let name = trimmed(entry.hasPrefix(".") ? entry.dropFirst() : entry)
            return bare == name || bare.hasSuffix("." + name)
        }
    }

    private func trimmed(_ name: Substring) -> Substring { name.hasSuffix(".") ? name.dropLast() : name }

    private func value(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }
}
