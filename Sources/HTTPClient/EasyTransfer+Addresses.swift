internal import Glibc

// Where a transfer may go.
extension EasyTransfer {
    /// Whether the environment names a proxy for this URL: then the connection's address is not the host's.
    ///
    /// A host that `no_proxy` exempts counts as behind the proxy here.
    static func mayUseProxy(_ request: HTTPClientRequest, _ configuration: HTTPClientConfiguration) -> Bool {
        guard configuration.proxy == .environment, request.unixSocketPath == nil else { return false }
        let names =
            request.url.origin.scheme == .http ? ["http_proxy"] : ["https_proxy", "HTTPS_PROXY"]
        return (names + ["all_proxy", "ALL_PROXY"]).contains { name in
            getenv(name).map { $0.pointee != 0 } ?? false
        }
    }

    /// Takes note of the address that is connected to, before anything is sent; gives whether it may be sent.
    func admit(_ address: UnsafePointer<CChar>?, port: Int) -> Bool {
        if request.head.unixSocketPath != nil {
            peer = .thisMachine
            return true
        }
        if isProxied { return true }
        peer = address.flatMap { addressKind(String(cString: $0), port) }
        if request.head.addresses == .any || peer.map({ request.head.addresses.admits($0) }) ?? false { return true }
        failure = request.head.addressRefusal
        return false
    }
}

extension HTTPClientRequest {
    /// Refuses a host that is an address which the policy does not admit, before it is connected to.
    func checkHost(isProxied: Bool) throws(HTTPClientError) {
        guard unixSocketPath == nil else { return }
        let host = url.origin.host
        let isOwnName = isProxied && (host == "localhost" || host.hasSuffix(".localhost"))
        let kind = isOwnName ? .thisMachine : HTTPAddressKind(host: host)
        guard let kind, !addresses.admits(kind) else { return }
        throw addressRefusal
    }

    var addressRefusal: HTTPClientError {
        .addressRefused(
            "\(url.authority) lies in a private network or on this machine, where a server elsewhere must not send us")
    }
}
