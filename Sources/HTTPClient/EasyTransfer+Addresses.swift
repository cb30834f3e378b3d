internal import Glibc

// Where a transfer may go.
extension EasyTransfer {
    /// Whether the request goes through a proxy: then the connection's address is not the host's.
    static func usesProxy(_ request: HTTPClientRequest, _ configuration: HTTPClientConfiguration) -> Bool {
        guard configuration.proxy == .environment, request.unixSocketPath == nil else { return false }
        return ProxyEnvironment { getenv($0).map { String(cString: $0) } }.covers(request.url)
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
