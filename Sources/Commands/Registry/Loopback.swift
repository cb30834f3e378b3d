/// Tells addresses only this machine can reach.
enum Loopback {
    /// Whether a host is `localhost`, in 127/8, or `::1`.
    ///
    /// Any other name may resolve to anything, so it is not.
    static func contains(host: some StringProtocol) -> Bool {
        var host = host.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host == "localhost" || host == "::1" { return true }
        if host.hasPrefix("::ffff:") { host = String(host.dropFirst(7)) }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy {
                $0.utf8.count <= 3 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8($0) != nil
            }
    }

    /// The same for `host:port`, `[v6]:port` or a bare host.
    static func contains(authority: some StringProtocol) -> Bool {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return contains(host: authority[...end])
        }
        let colons = authority.utf8.count { $0 == UInt8(ascii: ":") }
        guard colons == 1, let colon = authority.firstIndex(of: ":") else { return contains(host: authority) }
        return contains(host: authority[..<colon])
    }
}
