import Content
import OCIModel
import Telemetry

/// The objects people see, in the shape `az acr` prints them.
///
/// Source: Azure Container Registry data plane 2021-07-01; documented in `docs/cli.md` and kept.
enum Objects {
    /// Times with seven fractional digits, as the service writes them.
    static func time(_ microseconds: Int64) -> JSONValue {
        .string(Timestamp.rfc3339(microseconds: microseconds, fractionDigits: 7))
    }

    /// Times for tables.
    static func shortTime(_ microseconds: Int64) -> String {
        Timestamp.rfc3339(microseconds: microseconds, fractionDigits: 0)
    }

    static func locks(_ locks: AttributeLocks) -> JSONValue {
        .object([
            ("deleteEnabled", .bool(locks.contains(.delete))), ("writeEnabled", .bool(locks.contains(.write))),
            ("listEnabled", .bool(locks.contains(.list))), ("readEnabled", .bool(locks.contains(.read))),
        ])
    }

    /// What is locked, in words; `-` when nothing is.
    static func lockText(_ locks: AttributeLocks) -> String {
        let named: [(AttributeLocks, String)] = [
            (.delete, "delete"), (.write, "write"), (.list, "list"), (.read, "read"),
        ]
        let locked = named.filter { !locks.contains($0.0) }.map(\.1)
        return locked.isEmpty ? "-" : locked.joined(separator: ",")
    }

    static func repository(_ repository: RepositoryAttributes, registry: String) -> JSONValue {
        .object([
            ("registry", .string(registry)), ("imageName", .string(repository.name.description)),
            ("createdTime", time(repository.createdAt)), ("lastUpdateTime", time(repository.updatedAt)),
            ("manifestCount", .integer(repository.manifestCount)), ("tagCount", .integer(repository.tagCount)),
            ("changeableAttributes", locks(repository.locks)),
        ])
    }

    static func tag(_ tag: TagAttributes) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(tag.name.description)), ("digest", .string(tag.digest.description)),
            ("createdTime", time(tag.createdAt)), ("lastUpdateTime", time(tag.updatedAt)), ("signed", .bool(false)),
            ("changeableAttributes", locks(tag.locks)),
        ]
        if let upstream = tag.upstream { members.append(("upstream", .string(upstream))) }
        if let gone = tag.goneSince { members.append(("goneTime", time(gone))) }
        return .object(members)
    }

    /// Where a tag is cached from, and since when that does not have it any more; `-` for one that was pushed.
    static func upstreamText(_ tag: TagAttributes) -> String {
        guard let upstream = tag.upstream else { return "-" }
        return upstream + (tag.goneSince.map { ", gone since \(shortTime($0))" } ?? "")
    }

    static func manifest(_ manifest: ManifestAttributes) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("digest", .string(manifest.digest.description)), ("imageSize", .integer(manifest.imageSize)),
            ("createdTime", time(manifest.createdAt)), ("lastUpdateTime", time(manifest.updatedAt)),
            ("mediaType", .string(manifest.mediaType.description)),
        ]
        if let type = manifest.configMediaType { members.append(("configMediaType", .string(type))) }
        if let type = manifest.artifactType { members.append(("artifactType", .string(type))) }
        if let pulled = manifest.pulledAt { members.append(("lastPullTime", time(pulled))) }
        members.append(("tags", .array(manifest.tags.map { .string($0.description) })))
        members.append(("changeableAttributes", locks(manifest.locks)))
        return .object(members)
    }
}
