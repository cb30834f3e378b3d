import OCIModel
import Sync

/// One end of `chartroom copy`: a place with one repository of it, and of a source also a tag or a digest.
///
///     oci://host/path/name[:tag][@digest]   oci+http://…   store:path/name[:tag][@digest]
///     layout:DIR#name[:tag][@digest]        https://host/path#chart[:version]
struct CopyEnd: Equatable {
    /// Where the repository lies; the path in front of its last element belongs to it.
    var place: MirrorPlace
    /// The repository below the place; nil for a whole classic repository or layout.
    var name: String?
    var tag: String?
    var digest: Digest?

    private static let forms =
        "write oci://host/path/name:tag, store:path/name:tag, layout:DIR#name:tag or https://host/path#chart:version"

    /// Reads an end; messages never hold the text, in which there might be a password.
    init(parsing text: String, as side: String) throws(CommandError) {
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let isApart = ["layout:", "https://", "http://"].contains { text.hasPrefix($0) }
        var rest = isApart ? (parts.count == 2 ? parts[1] : "") : text
        if let at = rest.firstIndex(of: "@"), !isApart || at > rest.startIndex {
            guard let digest = try? Digest(parsing: rest[rest.index(after: at)...]) else {
                throw CommandError(.usage, "\(side) has no digest behind its @", hints: [CopyEnd.forms])
            }
            self.digest = digest
            rest = String(rest[..<at])
        }
        let slash = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest[slash...].lastIndex(of: ":"), isApart || colon > slash, !CopyEnd.isScheme(rest, colon) {
            tag = String(rest[rest.index(after: colon)...])
            rest = String(rest[..<colon])
        }
        guard let place = MirrorPlace(isApart ? parts[0] : rest), tag?.isEmpty != true else {
            throw CommandError(.usage, "\(side) is nothing to copy from or to", hints: [CopyEnd.forms])
        }
        switch place {
        case .registry(let authority, let isSecure, let path):
            self.place = .registry(authority: authority, isSecure: isSecure, path: CopyEnd.parent(path))
            name = CopyEnd.last(path)
        case .store(let path):
            self.place = .store(path: CopyEnd.parent(path))
            name = CopyEnd.last(path)
        case .charts, .layout:
            self.place = place
            name = rest.isEmpty ? nil : rest
        }
        if name == nil, !isApart || tag != nil || digest != nil {
            throw CommandError(.usage, "\(side) names no repository", hints: [CopyEnd.forms])
        }
    }

    /// Whether a colon belongs to `store:`, and not to a tag.
    private static func isScheme(_ text: String, _ colon: String.Index) -> Bool { text[..<colon] == "store" }

    private static func parent(_ path: String) -> String {
        path.split(separator: "/").dropLast().joined(separator: "/")
    }

    private static func last(_ path: String) -> String? { path.split(separator: "/").last.map(String.init) }
}

extension MirrorRule {
    /// What copies one repository, or one reference of it.
    ///
    /// - Throws: `.usage` for what has no meaning together.
    init(copying source: CopyEnd, to destination: CopyEnd) throws(CommandError) {
        self.init(name: "copy", from: source.place, to: destination.place)
        guard destination.digest == nil, destination.tag == nil || destination.tag == source.tag else {
            throw CommandError(.usage, "what is copied keeps its tag", hints: ["leave tag and digest out of DST"])
        }
        if let name = source.name {
            do throws(PatternError) { repositories = [try NamePattern(name)] } catch {
                throw CommandError(.usage, "SRC: \(error.description)")
            }
            guard repositories.allSatisfy(\.isPlain) else {
                throw CommandError(
                    .usage, "SRC names more than one repository", hints: ["patterns belong into a mirror file"])
            }
        }
        if let digest = source.digest {
            pins = [MirrorPin(repository: source.name ?? "", version: source.tag, digest: digest)]
            // No tag looks so: nothing but the pin is meant.
            versions.exact = [digest.description]
        } else if let tag = source.tag {
            versions.exact = [tag]
        }
        if let name = destination.name {
            guard source.name != nil else {
                throw CommandError(.usage, "many repositories cannot be copied to one", hints: ["leave out its name"])
            }
            naming = .fixed(name)
        } else if case .registry(_, _, let path) = source.place, !path.isEmpty, let name = source.name {
            naming = .fixed(path + "/" + name)
        } else if case .store(let path) = source.place, !path.isEmpty, let name = source.name {
            naming = .fixed(path + "/" + name)
        }
        if case .charts = destination.place, let name = source.name {
            guard destination.name == nil else {
                throw CommandError(.usage, "charts keep their names", hints: ["leave out what stands behind the #"])
            }
            naming = .fixed(name)
        }
    }
}
