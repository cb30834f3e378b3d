public import Content
import OCIModel

/// Checks `Deleter`. Writes to `<prefix>/deletes`.
public func checkDeletes(
    of end: some BlobSource & BlobSink & TagResolver & Tagger & Deleter, prefix: String, seed: UInt64,
    limits: EndLimits = []
) async throws {
    let repository = try RepositoryName(parsing: prefix + "/deletes")
    let first = SampleChart("gone", "1.0.0", seed: seed)
    let second = SampleChart("gone", "2.0.0", seed: seed)
    let (one, alias, two) = (try Tag(parsing: "1.0.0"), try Tag(parsing: "alias"), try Tag(parsing: "2.0.0"))
    try await first.push(to: end, repository, tags: [one, alias])
    try await second.push(to: end, repository, tags: [two])
    if !limits.contains(.noTagDeletion) {
        try await end.deleteManifest(.tag(alias), in: repository)
        try await rule("a removed tag is unknown", failsWith: { $0.isUnknownManifest }) { () throws(ContentError) in
            _ = try await end.manifest(.tag(alias), in: repository)
        }
        try await rule("a removed tag cannot be removed again", failsWith: { $0.isUnknownManifest }) {
            () throws(ContentError) in
            try await end.deleteManifest(.tag(alias), in: repository)
        }
        for reference in [ManifestReference.tag(one), .digest(first.manifest.digest)] {
            let left = try await end.manifest(reference, in: repository)
            try rule(left == first.manifest, "removing a tag leaves \(reference)")
        }
    }
    try await end.deleteManifest(.digest(first.manifest.digest), in: repository)
    for reference in [ManifestReference.tag(one), .digest(first.manifest.digest)] {
        try await rule("removing a manifest removes \(reference)", failsWith: { $0.isUnknownManifest }) {
            () throws(ContentError) in
            _ = try await end.manifest(reference, in: repository)
        }
    }
    try await rule("a removed manifest cannot be removed again", failsWith: { $0.isUnknownManifest }) {
        () throws(ContentError) in
        try await end.deleteManifest(.digest(first.manifest.digest), in: repository)
    }
    let tags = try await end.tags(in: repository, PageRequest(limit: 10)).elements
    try rule(tags == [two], "only the other manifest's tag is left: \(tags)")
    try await checkBlobDeletes(of: end, repository, first, second)
}

private func checkBlobDeletes(
    of end: some BlobSource & BlobSink & TagResolver & Tagger & Deleter, _ repository: RepositoryName,
    _ first: SampleChart, _ second: SampleChart
) async throws {
    let digest = Digest(of: first.archive)
    try await end.deleteBlob(digest, in: repository)
    try await rule("a removed blob is unknown", failsWith: { $0.isUnknownBlob }) { () throws(ContentError) in
        _ = try await end.blobSize(digest, in: repository)
    }
    try await rule("a removed blob cannot be removed again", failsWith: { $0.isUnknownBlob }) {
        () throws(ContentError) in
        try await end.deleteBlob(digest, in: repository)
    }
    let left = try await end.blob(Digest(of: second.archive), in: repository)
    try rule(left == second.archive, "removing a blob leaves the others")
    try await first.push(to: end, repository, tags: [])
    let back = try await end.blob(digest, in: repository)
    try rule(back == first.archive, "what was removed can be pushed again")
}
