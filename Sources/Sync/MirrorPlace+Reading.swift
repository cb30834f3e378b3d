extension MirrorPlace {
    /// Reads a place as it is written in a file; nil for anything else, and for one with a password in it.
    public init?(_ text: String) {
        if text.hasPrefix("store:") {
            self = .store(path: MirrorPlace.trimmed(text.dropFirst(6)))
            return
        }
        if text.hasPrefix("layout:") {
            let directory = String(text.dropFirst(7))
            guard !directory.isEmpty else { return nil }
            self = .layout(directory: directory)
            return
        }
        for (scheme, isSecure) in [("oci://", true), ("oci+http://", false)] where text.hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" }
            guard MirrorPlace.isAuthority(authority) else { return nil }
            self = .registry(
                authority: String(authority), isSecure: isSecure,
                path: MirrorPlace.trimmed(rest.dropFirst(authority.count)))
            return
        }
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            guard MirrorPlace.isAuthority(text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }) else {
                return nil
            }
            self = .charts(url: text.hasSuffix("/") ? String(text.dropLast()) : text)
            return
        }
        return nil
    }

    private static func trimmed(_ path: Substring) -> String {
        path.split(separator: "/").joined(separator: "/")
    }

    private static func isAuthority(_ text: Substring) -> Bool {
        !text.isEmpty && !text.utf8.contains { $0 == UInt8(ascii: "@") || $0 <= 0x20 }
    }
}
