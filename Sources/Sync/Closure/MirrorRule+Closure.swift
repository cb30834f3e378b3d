internal import Content
internal import OCIModel

// What charts may lead to, and whose word that is.
extension MirrorRule {
    /// Whether nothing but a chart names a place: then it must not lie nearer to us than the world at large.
    func isNamedByContent(_ place: MirrorPlace) -> Bool { place != from }

    /// Where a repository of a registry lies that a chart names: in the mirror's own source, when it is there.
    func place(ofRegistry authority: String, _ repository: String) -> MirrorPlace {
        guard case .registry(let own, _, let path) = from, own.lowercased() == authority.lowercased() else {
            return .registry(authority: authority, isSecure: true, path: "")
        }
        let isBelow = path.isEmpty || repository == path || repository.hasPrefix(path + "/")
        return isBelow ? from : from.root
    }

    /// Whether charts may lead to a place; the mirror's own source is no question of theirs.
    func mayLead(to place: MirrorPlace) -> Bool {
        guard place != from, !closure.hosts.isEmpty else { return true }
        guard let authority = place.host?.lowercased() else { return false }
        let host = MirrorRule.withoutPort(authority)
        return closure.hosts.contains { $0.lowercased() == authority || $0.lowercased() == host }
    }

    private static func withoutPort(_ authority: String) -> String {
        guard authority.utf8.last != UInt8(ascii: "]"), let colon = authority.utf8.lastIndex(of: UInt8(ascii: ":"))
        else {
            return authority
        }
        return String(authority[..<colon])
    }
}
