internal import Glibc

/// How near an address lies: what a server far away names must not be nearer than the server itself.
public enum HTTPAddressKind: Int, Sendable, Hashable, Comparable {
    /// Anywhere in the world.
    case global
    /// In a private network: 10/8, 172.16/12, 192.168/16, 100.64/10, 192.0.0/24, `fc00::/7`.
    case privateNetwork
    /// This machine or its link, where clouds keep their metadata too: loopback, unspecified, link-local, multicast.
    case thisMachine

    /// Orders by nearness.
    public static func < (left: HTTPAddressKind, right: HTTPAddressKind) -> Bool { left.rawValue < right.rawValue }

    /// The kind of an IPv4 or IPv6 address as text, a zone behind `%` allowed; nil for what is none.
    public init?(address text: some StringProtocol) {
        var four = in_addr()
        var six = in6_addr()
        let bare = String(text.prefix { $0 != "%" })
        if inet_pton(AF_INET, bare, &four) == 1 {
            self = HTTPAddressKind.ofFour(withUnsafeBytes(of: &four) { Array($0) })
        } else if inet_pton(AF_INET6, bare, &six) == 1 {
            self = HTTPAddressKind.ofSix(withUnsafeBytes(of: &six) { Array($0) })
        } else {
            return nil
        }
    }

    /// The kind of a URL's host when it is an address, an IPv6 one in brackets; nil for a name.
    public init?(host: String) {
        let bare = host.hasPrefix("[") ? host.dropFirst().prefix { $0 != "]" } : host[...]
        self.init(address: bare)
    }

    /// Source: IANA IPv4 Special-Purpose Address Registry.
    private static func ofFour(_ bytes: [UInt8]) -> HTTPAddressKind {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _), (127, _, _), (169, 254, _), (224..., _, _): .thisMachine
        // Azure answers for the machine itself at this one.
        case (168, 63, 129) where bytes[3] == 16: .thisMachine
        case (10, _, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _), (192, 0, 0): .privateNetwork
        default: .global
        }
    }

    /// Source: IANA IPv6 Special-Purpose Address Registry.
    ///
    /// An address that holds an IPv4 one (mapped, compatible, NAT64, 6to4) leads where that one leads.
    private static func ofSix(_ bytes: [UInt8]) -> HTTPAddressKind {
        let isZero = { (range: Range<Int>) in bytes[range].allSatisfy { $0 == 0 } }
        let last = Array(bytes[12...])
        if isZero(0..<12) { return isZero(12..<15) && bytes[15] <= 1 ? .thisMachine : ofFour(last) }
        if isZero(0..<10), bytes[10] == 0xFF, bytes[11] == 0xFF { return ofFour(last) }
        if bytes[0..<4].elementsEqual([0x00, 0x64, 0xFF, 0x9B]), isZero(4..<12) { return ofFour(last) }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return ofFour(Array(bytes[2..<6])) }
        // The metadata service of Amazon's machines.
        if bytes[0..<4].elementsEqual([0xFD, 0x00, 0x0E, 0xC2]) { return .thisMachine }
        switch (bytes[0], bytes[1] & 0xC0) {
        case (0xFF, _), (0xFE, 0x80): return .thisMachine
        case (0xFC, _), (0xFD, _), (0xFE, 0xC0): return .privateNetwork
        default: break
        }
        let isLocalNAT = bytes[0..<6].elementsEqual([0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01])
        return isLocalNAT ? .privateNetwork : .global
    }
}

/// Which addresses a request may be sent to.
///
/// Held against the address a connection really has, so that a name that leads there is refused as the address is.
/// Behind a proxy the connection is the proxy's: only the URL's host is looked at then.
public enum HTTPAddressPolicy: Sendable, Hashable {
    /// All.
    case any
    /// None nearer than this.
    case upTo(HTTPAddressKind)

    /// Whether it admits a kind.
    public func admits(_ kind: HTTPAddressKind) -> Bool {
        switch self {
        case .any: true
        case .upTo(let nearest): kind <= nearest
        }
    }

    /// The policy for a host that a server at an address of that kind names.
    func narrowed(to kind: HTTPAddressKind) -> HTTPAddressPolicy {
        switch self {
        case .any: .upTo(kind)
        case .upTo(let nearest): .upTo(min(nearest, kind))
        }
    }
}
