import OCIModel
import Sync
import YAML

/// What becomes of another program's file while it is read.
struct ForeignFile {
    let path: String
    let reading: MirrorFileReading
    private(set) var file = MirrorFile()
    private(set) var origins: [String: Origin] = [:]
    private(set) var mistakes: [ConfigurationMistake] = []
    private(set) var leftOut: [ConfigurationMistake] = []

    init(path: String, _ reading: MirrorFileReading) {
        self.path = path
        self.reading = reading
    }

    private func origin(_ node: YAMLNode) -> Origin { .file(path: path, line: node.line, column: node.column) }

    /// Notes what cannot be done without: to go on would mirror something else than was asked for.
    mutating func note(_ node: YAMLNode, _ message: String, hint: String? = nil) {
        mistakes.append(ConfigurationMistake(origin: origin(node), message: message, hint: hint))
    }

    mutating func note(_ error: YAMLError) {
        let origin = Origin.file(path: path, line: error.line, column: error.column)
        mistakes.append(ConfigurationMistake(origin: origin, message: error.message))
    }

    /// Notes a mistake of the whole file.
    mutating func note(whole message: String, hint: String? = nil) {
        let origin = Origin.file(path: path, line: 1, column: 1)
        mistakes.append(ConfigurationMistake(origin: origin, message: message, hint: hint))
    }

    /// Notes what is not done, and what is done instead.
    mutating func leave(_ node: YAMLNode, _ key: String, _ instead: String) {
        leftOut.append(ConfigurationMistake(origin: origin(node), message: "\(key) is not taken: \(instead)"))
    }

    /// Adds a mirror under a name made of where it goes or comes from.
    mutating func add(_ rule: MirrorRule, named text: String, at node: YAMLNode) {
        guard file.mirrors.count < LoadedMirrorFile.maximumMirrors else {
            if file.mirrors.count == LoadedMirrorFile.maximumMirrors, mistakes.last?.message != Self.tooMany {
                note(node, Self.tooMany)
            }
            return
        }
        var rule = rule
        rule.name = freeName(text)
        origins["\(MirrorTable.key).\(file.mirrors.count)"] = origin(node)
        file.mirrors.append(rule)
    }

    private static let tooMany = "there are more than 1000 mirrors"

    /// Adds how a host is spoken to.
    mutating func add(_ host: MirrorHost, at node: YAMLNode) {
        origins["\(MirrorHostTable.key).\(file.hosts.count)"] = origin(node)
        file.hosts.append(host)
    }

    private func freeName(_ text: String) -> String {
        let known = Set(file.mirrors.map(\.name))
        let letters = text.lowercased().utf8.map { byte -> UInt8 in
            MirrorTable.isName(String(decoding: [byte], as: UTF8.self)) ? byte : UInt8(ascii: "-")
        }
        let base = String(decoding: letters.prefix(58), as: UTF8.self)
        guard known.contains(base) || base.isEmpty else { return base }
        var number = 2
        while known.contains("\(base)-\(number)") { number += 1 }
        return "\(base)-\(number)"
    }

    // MARK: Values

    /// The texts of a list, or one text alone; what is neither is a mistake.
    mutating func texts(_ node: YAMLNode, _ key: String) -> [String] {
        if node.isNull { return [] }
        let nodes = node.elements ?? [node]
        let texts = nodes.compactMap(\.string)
        if texts.count != nodes.count { note(node, "\(key) must be a list of texts") }
        return texts
    }

    /// The boolean of a key; anything else is a mistake.
    mutating func boolean(_ node: YAMLNode, _ key: String) -> Bool {
        if let value = node.bool { return value }
        note(node, "\(key) must be true or false")
        return false
    }

    /// What a value says, or nil and a mistake.
    mutating func understood<Value>(
        _ node: YAMLNode, _ key: String, _ read: () throws(PatternError) -> Value
    ) -> Value? {
        do throws(PatternError) {
            return try read()
        } catch {
            note(node, "\(key): \(error.description)")
            return nil
        }
    }
}

/// A repository as container tools write it.
struct ForeignReference {
    /// `host[:port]` as it is contacted.
    var host: String
    /// As it is written: `docker.io` for the host that is contacted under another name.
    var writtenHost: String
    var repository: String
    var tag: String?
    var digest: Digest?

    /// Reads `[host/]repository[:tag][@digest]`; without a host it is Docker's registry.
    init(_ text: String) throws(OCIParseError) {
        let first = text.utf8.prefix { $0 != UInt8(ascii: "/") }
        let hasHost =
            first.count < text.utf8.count
            && (first.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") } || String(first) == "localhost")
        let whole = hasHost ? text : "docker.io/" + text
        let reference = try Reference(parsing: whole)
        writtenHost = reference.host ?? "docker.io"
        host = ForeignReference.contacted(writtenHost)
        let path = reference.repository.description
        let isOfficial = host == ForeignReference.docker && !path.utf8.contains(UInt8(ascii: "/"))
        repository = isOfficial ? "library/" + path : path
        tag = reference.tag?.description
        digest = reference.digest
    }

    static let docker = "registry-1.docker.io"

    /// The host that is contacted for a name: Docker's registry has several.
    static func contacted(_ host: String) -> String {
        ["docker.io", "index.docker.io", "registry.hub.docker.com"].contains(host) ? docker : host.lowercased()
    }
}

extension VersionSelection {
    /// Takes tags and digests: just these, or all when there are none.
    mutating func take(tags: [String], isPinned: Bool) {
        exact = tags
        // With digests alone no tag is meant, which an empty list would not say.
        if tags.isEmpty, isPinned { regex = try? TextPattern("(?!x)x") }
    }
}
