public import Content
import OCIModel

/// Checks `Inventory`. Writes to `<prefix>/inventory/a`, `…/b` and `…/c`.
public func checkInventory(
    of end: some RegistryEnd, prefix: String, seed: UInt64, limits: EndLimits = []
) async throws {
    let names = try ["a", "b", "c"].map { try RepositoryName(parsing: "\(prefix)/inventory/\($0)") }
    let charts = (0..<5).map { SampleChart("stock", "\($0).0.0", seed: seed) }
    for name in names {
        for (number, chart) in charts.enumerated() {
            var tags = [try Tag(parsing: "\(number).0.0")]
            if number == 4 { tags.append(try Tag(parsing: "latest")) }
            try await chart.push(to: end, name, tags: tags)
        }
    }
    try await checkRepositories(of: end, prefix, names)
    try await checkTagAttributes(of: end, names[0], charts, limits)
    try await checkManifestAttributes(of: end, names[0], charts, limits)
    let nowhere = try RepositoryName(parsing: prefix + "/inventory/nowhere")
    try await rule("an unknown repository has no attributes", failsWith: { $0.isUnknownName }) {
        () throws(ContentError) in
        _ = try await end.repository(nowhere)
    }
    guard !limits.contains(.noAttributes) else { return }
    try await checkLocks(of: end, names[1], charts)
    try await checkRepositoryRemoval(of: end, names[2], limits)
}

private func checkRepositories(of end: some RegistryEnd, _ prefix: String, _ names: [RepositoryName]) async throws {
    for limit in [1, 2, 1000] {
        var seen: [RepositoryName] = []
        var last: String? = prefix + "/inventory"
        while true {
            let page = try await end.repositories(PageRequest(limit: limit, last: last))
            try rule(page.elements.count <= limit, "a page holds at most \(limit) repositories")
            seen += page.elements
            guard page.hasMore, let end = page.elements.last else { break }
            last = end.description
        }
        let sorted = seen == seen.sorted()
        try rule(sorted, "repositories are sorted by bytes: \(seen)")
        let found = seen.filter { $0.description.hasPrefix(prefix + "/inventory/") }
        try rule(found == names, "pages of \(limit) list every repository once: \(found)")
    }
}

private func checkTagAttributes(
    of end: some RegistryEnd, _ name: RepositoryName, _ charts: [SampleChart], _ limits: EndLimits
) async throws {
    let repository = try await end.repository(name)
    try rule(repository.name == name, "a repository's attributes name it")
    try rule(repository.tagCount == 6, "6 tags are counted: \(repository.tagCount)")
    try rule(repository.manifestCount == 5, "5 manifests are counted: \(repository.manifestCount)")
    let all = try await end.tagList(in: name, naming: nil, PageRequest(limit: 100))
    try rule(
        all.elements.map(\.name.description) == ["0.0.0", "1.0.0", "2.0.0", "3.0.0", "4.0.0", "latest"],
        "tags are listed with attributes, sorted")
    let digests = (charts + [charts[4]]).map(\.manifest.digest)
    try rule(all.elements.map(\.digest) == digests, "tags are listed with their manifests")
    let page = try await end.tagList(in: name, naming: nil, PageRequest(limit: 2, last: "1.0.0"))
    try rule(
        page.elements.map(\.name.description) == ["2.0.0", "3.0.0"] && page.hasMore, "a page of tags follows a tag")
    let naming = try await end.tagList(in: name, naming: charts[4].manifest.digest, PageRequest(limit: 10))
    try rule(naming.elements.map(\.name.description) == ["4.0.0", "latest"], "tags are found by manifest")
    let latest = try await end.tagAttributes(try Tag(parsing: "latest"), in: name)
    try rule(latest.digest == charts[4].manifest.digest, "a tag's attributes name its manifest")
    try rule(all.elements.last == latest, "a tag has the same attributes alone and in the list")
    let unknown = try Tag(parsing: "unknown")
    try await rule("an unknown tag has no attributes", failsWith: { $0.isUnknownManifest }) { () throws(ContentError) in
        _ = try await end.tagAttributes(unknown, in: name)
    }
    guard !limits.contains(.noAttributes) else { return }
    for tag in all.elements {
        try rule(
            tag.createdAt > 1_500_000_000_000_000 && tag.updatedAt >= tag.createdAt, "a tag has sane times: \(tag)")
        try rule(tag.locks == .all, "a new tag is not locked")
    }
    try rule(repository.updatedAt >= repository.createdAt && repository.locks == .all, "so has its repository")
}

private func checkManifestAttributes(
    of end: some RegistryEnd, _ name: RepositoryName, _ charts: [SampleChart], _ limits: EndLimits
) async throws {
    let sorted = charts.sorted { $0.manifest.digest < $1.manifest.digest }
    let all = try await end.manifestList(in: name, PageRequest(limit: 100))
    try rule(all.elements.map(\.digest) == sorted.map(\.manifest.digest), "manifests are listed, sorted by digest")
    var seen: [Digest] = []
    while true {
        let page = try await end.manifestList(in: name, PageRequest(limit: 2, last: seen.last))
        try rule(page.elements.count <= 2, "a page holds at most 2 manifests")
        seen += page.elements.map(\.digest)
        guard page.hasMore, !page.elements.isEmpty else { break }
    }
    try rule(seen == sorted.map(\.manifest.digest), "pages of 2 manifests give the whole list once, in order")
    let chart = charts[4]
    let attributes = try await end.manifestAttributes(chart.manifest.digest, in: name)
    try rule(all.elements.contains(attributes), "a manifest has the same attributes alone and in the list")
    try rule(attributes.mediaType == .ociManifest, "a manifest has its type")
    try rule(attributes.configMediaType == MediaType.helmConfig.description, "and its config's type")
    try rule(
        attributes.imageSize == Int64(chart.config.count + chart.archive.count),
        "and the size of its content: \(attributes.imageSize)")
    try rule(attributes.tags.map(\.description) == ["4.0.0", "latest"], "and its tags, sorted: \(attributes.tags)")
    let unknown = Digest(of: Array("unknown".utf8))
    try await rule("an unknown manifest has no attributes", failsWith: { $0.isUnknownManifest }) {
        () throws(ContentError) in
        _ = try await end.manifestAttributes(unknown, in: name)
    }
}

private func checkLocks(of end: some RegistryEnd, _ name: RepositoryName, _ charts: [SampleChart]) async throws {
    let tag = try Tag(parsing: "1.0.0")
    let digest = charts[1].manifest.digest
    try await end.changeAttributes(AttributeChange(disable: [.delete]), of: .tag(tag), in: name)
    let locked = try await end.tagAttributes(tag, in: name)
    try rule(locked.locks == [.write, .list, .read], "only what a change names changes: \(locked.locks)")
    for reference in [ManifestReference.tag(tag), .digest(digest)] {
        try await rule("a locked tag is not removed by \(reference)", failsWith: { $0.isLocked }) {
            () throws(ContentError) in
            try await end.deleteManifest(reference, in: name)
        }
    }
    try await end.changeAttributes(AttributeChange(enable: [.delete], disable: [.write]), of: .digest(digest), in: name)
    let manifest = try await end.manifestAttributes(digest, in: name)
    try rule(manifest.locks == [.delete, .list, .read], "a manifest has locks of its own: \(manifest.locks)")
    try await end.changeAttributes(AttributeChange(disable: [.delete, .write]), of: nil, in: name)
    let repository = try await end.repository(name)
    try rule(repository.locks == [.list, .read], "a repository has locks of its own: \(repository.locks)")
    try await rule("a locked repository is not removed", failsWith: { $0.isLocked }) { () throws(ContentError) in
        _ = try await end.deleteRepository(name)
    }
    let pushed = SampleChart("stock", "9.0.0")
    try await rule("a locked repository takes no push", failsWith: { $0.isLocked }) { () throws(ContentError) in
        try await pushed.push(to: end, name, tags: [])
    }
    try await end.changeAttributes(AttributeChange(enable: .all), of: nil, in: name)
    try await end.changeAttributes(AttributeChange(enable: .all), of: .tag(tag), in: name)
    try await end.deleteManifest(.tag(tag), in: name)
    let unknown = try Tag(parsing: "unknown")
    try await rule("an unknown tag cannot be locked", failsWith: { $0.isUnknownManifest }) { () throws(ContentError) in
        try await end.changeAttributes(AttributeChange(disable: [.delete]), of: .tag(unknown), in: name)
    }
}

private func checkRepositoryRemoval(of end: some RegistryEnd, _ name: RepositoryName, _ limits: EndLimits) async throws
{
    let removed = try await end.deleteRepository(name)
    try rule(removed.manifests == 5 && removed.tags == 6, "removing a repository counts what went: \(removed)")
    try await rule("a removed repository is unknown", failsWith: { $0.isUnknownName }) { () throws(ContentError) in
        _ = try await end.repository(name)
    }
    try await rule("and cannot be removed again", failsWith: { $0.isUnknownName }) { () throws(ContentError) in
        _ = try await end.deleteRepository(name)
    }
    let listed = try await end.repositories(PageRequest(limit: 1000)).elements
    try rule(!listed.contains(name), "and is not listed")
}
