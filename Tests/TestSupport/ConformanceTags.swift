public import Content
import OCIModel

/// Checks `TagResolver` and `Tagger`. Writes to `<prefix>/tags` and `<prefix>/many`.
public func checkTags(
    of end: some BlobSource & BlobSink & TagResolver & Tagger, prefix: String, seed: UInt64
) async throws {
    let repository = try RepositoryName(parsing: prefix + "/tags")
    try await checkManifests(of: end, repository, seed)
    try await checkManifestRefusals(of: end, repository, seed)
    try await checkTagPages(of: end, try RepositoryName(parsing: prefix + "/many"), seed)
}

private func checkManifests(
    of end: some BlobSource & BlobSink & TagResolver & Tagger, _ repository: RepositoryName, _ seed: UInt64
) async throws {
    let first = SampleChart("demo", "1.0.0", seed: seed)
    let tag = try Tag(parsing: "1.0.0")
    let latest = try Tag(parsing: "latest")
    try await first.push(to: end, repository, tags: [tag, latest])
    for reference in [ManifestReference.tag(tag), .tag(latest), .digest(first.manifest.digest)] {
        let found = try await end.manifest(reference, in: repository)
        try rule(found == first.manifest, "manifest \(reference) comes back byte for byte, with its type")
    }
    let second = SampleChart("demo", "2.0.0", seed: seed)
    try await second.push(to: end, repository, tags: [latest])
    let moved = try await end.manifest(.tag(latest), in: repository)
    try rule(moved == second.manifest, "a tag moves to the manifest pushed last")
    let stayed = try await end.manifest(.tag(tag), in: repository)
    try rule(stayed == first.manifest, "another tag stays where it was")
    try await end.putManifest(second.manifest, tags: [latest], in: repository)
    let untagged = SampleChart("demo", "3.0.0", seed: seed)
    try await untagged.push(to: end, repository, tags: [])
    let found = try await end.manifest(.digest(untagged.manifest.digest), in: repository)
    try rule(found == untagged.manifest, "a manifest without tags is found by digest")
    let index = SampleChart.index([first.manifest, second.manifest])
    try await end.putManifest(index, tags: [try Tag(parsing: "all")], in: repository)
    let all = try await end.manifest(.tag(try Tag(parsing: "all")), in: repository)
    try rule(all == index, "an image index comes back byte for byte, with its type")
    let tags = try await end.tags(in: repository, PageRequest(limit: 100)).elements.map(\.description)
    try rule(tags == ["1.0.0", "all", "latest"], "the tags are listed: \(tags)")
}

private func checkManifestRefusals(
    of end: some BlobSource & BlobSink & TagResolver & Tagger, _ repository: RepositoryName, _ seed: UInt64
) async throws {
    var generator = SeededGenerator(seed: seed ^ 0xBAD)
    let missing = SampleChart("missing", "1.0.0", seed: seed)
    let lost = [Digest(of: missing.config), Digest(of: missing.archive)]
    let tag = try Tag(parsing: "refused")
    let namesAll = { (error: ContentError) in
        if case .referencesMissing(_, let digests) = error { Set(digests) == Set(lost) } else { false }
    }
    try await rule("a manifest over missing blobs is refused, and all are named", failsWith: namesAll) {
        () throws(ContentError) in
        try await end.putManifest(missing.manifest, tags: [tag], in: repository)
    }
    var damaged = SampleChart("demo", "1.0.0", seed: seed).manifest
    damaged.bytes.append(UInt8(ascii: " "))
    let sent = damaged
    let isWrong = { (error: ContentError) in
        switch error {
        case .digestInvalid, .manifestInvalid: true
        default: false
        }
    }
    try await rule("a manifest that does not hash to its digest is refused", failsWith: isWrong) {
        () throws(ContentError) in
        try await end.putManifest(sent, tags: [tag], in: repository)
    }
    for text in ["", "not json", "{}", #"{"schemaVersion":1}"#] {
        let bytes = Array(text.utf8)
        let bad = StoredManifest(digest: Digest(of: bytes), mediaType: .ociManifest, bytes: bytes)
        try await rule("a manifest that reads '\(text)' is refused", failsWith: isWrong) { () throws(ContentError) in
            try await end.putManifest(bad, tags: [tag], in: repository)
        }
    }
    let unknown = Digest(of: generator.bytes(10))
    for reference in [ManifestReference.tag(tag), .digest(unknown), .digest(missing.manifest.digest)] {
        try await rule("manifest \(reference) is unknown", failsWith: { $0.isUnknownManifest }) {
            () throws(ContentError) in
            _ = try await end.manifest(reference, in: repository)
        }
    }
    let nowhere = try RepositoryName(parsing: repository.description + "-nowhere")
    try await rule(
        "a manifest of an unknown repository is unknown", failsWith: { $0.isUnknownManifest || $0.isUnknownName }
    ) { () throws(ContentError) in
        _ = try await end.manifest(.tag(tag), in: nowhere)
    }
    try await rule("the tags of an unknown repository are unknown", failsWith: { $0.isUnknownName }) {
        () throws(ContentError) in
        _ = try await end.tags(in: nowhere, PageRequest(limit: 10))
    }
}

private func checkTagPages(
    of end: some BlobSource & BlobSink & TagResolver & Tagger, _ repository: RepositoryName, _ seed: UInt64
) async throws {
    let chart = SampleChart("many", "1.0.0", seed: seed)
    let names = (0..<25).map { "\($0).0.\($0 % 3)" } + ["latest", "V1", "_under"]
    var tags: [Tag] = []
    for name in names { tags.append(try Tag(parsing: name)) }
    try await chart.push(to: end, repository, tags: tags)
    let sorted = tags.sorted()
    let whole = try await end.tags(in: repository, PageRequest(limit: 1000))
    try rule(whole == Page(elements: sorted, hasMore: false), "all tags, sorted by bytes: \(whole)")
    let exact = try await end.tags(in: repository, PageRequest(limit: sorted.count))
    try rule(exact == Page(elements: sorted, hasMore: false), "a page as long as the list has no more behind it")
    for limit in [1, 7, 27] {
        var seen: [Tag] = []
        var last: String?
        while true {
            let page = try await end.tags(in: repository, PageRequest(limit: limit, last: last))
            try rule(page.elements.count <= limit, "a page holds at most \(limit) tags")
            seen += page.elements
            guard page.hasMore, let end = page.elements.last else { break }
            last = end.description
        }
        try rule(seen == sorted, "pages of \(limit) tags give the whole list once, in order")
    }
    let behind = try await end.tags(in: repository, PageRequest(limit: 3, last: "10.0.1.between"))
    try rule(
        behind.elements
            == Array(
                sorted.filter { $0.description.utf8.lexicographicallyPrecedes("10.0.1.between".utf8) == false }.prefix(
                    3)),
        "the tag a page follows need not exist")
    let none = try await end.tags(in: repository, PageRequest(limit: 5, last: "zzz"))
    try rule(none == Page(elements: [], hasMore: false), "behind the last tag there is nothing")
}
