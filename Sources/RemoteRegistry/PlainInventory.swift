internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

/// What can be told of a registry that has nothing but `/v2/`: tags and the manifests they name.
///
/// Times are unknown (0), nothing is known to be locked, and manifests without tags are not seen.
struct PlainInventory: Sendable {
    let registry: RegistryClient

    /// How many requests go out at a time.
    private static let width = 8

    func repository(_ name: RepositoryName) async throws(ContentError) -> RepositoryAttributes {
        let tags = try await digests(of: try await allTags(name), in: name)
        return RepositoryAttributes(
            name: name, createdAt: 0, updatedAt: 0, manifestCount: Int64(Set(tags.map(\.digest)).count),
            tagCount: Int64(tags.count), locks: .all)
    }

    func tagList(
        in name: RepositoryName, naming digest: Digest?, _ page: PageRequest<String>
    ) async throws(ContentError) -> Page<TagAttributes> {
        guard let digest else {
            let tags = try await registry.tags(in: name, page)
            let found = try await digests(of: tags.elements, in: name)
            return Page(elements: found, hasMore: tags.hasMore)
        }
        let all = try await digests(of: try await allTags(name), in: name)
        let found = all.filter { tag in
            tag.digest == digest
                && page.last.map { $0.utf8.lexicographicallyPrecedes(tag.name.description.utf8) } ?? true
        }
        let limit = max(0, page.limit)
        return Page(elements: Array(found.prefix(limit)), hasMore: found.count > limit)
    }

    func manifestList(
        in name: RepositoryName, _ page: PageRequest<Digest>
    ) async throws(ContentError) -> Page<ManifestAttributes> {
        let tags = try await digests(of: try await allTags(name), in: name)
        let all = Set(tags.map(\.digest)).sorted().filter { digest in page.last.map { $0 < digest } ?? true }
        let limit = max(0, page.limit)
        let found = try await inParallel(Array(all.prefix(limit))) { digest async throws(ContentError) in
            try await attributes(digest, tags, name)
        }
        return Page(elements: found.compactMap { $0 }, hasMore: all.count > limit)
    }

    func manifestAttributes(_ digest: Digest, in name: RepositoryName) async throws(ContentError) -> ManifestAttributes
    {
        let tags = try await digests(of: try await allTags(name), in: name)
        return try await attributes(digest, tags, name)
    }

    func tagAttributes(_ tag: Tag, in name: RepositoryName) async throws(ContentError) -> TagAttributes {
        TagAttributes(
            name: tag, digest: try await digest(of: tag, in: name), createdAt: 0, updatedAt: 0, locks: .all)
    }

    private func allTags(_ name: RepositoryName) async throws(ContentError) -> [Tag] {
        var tags: [Tag] = []
        while true {
            let page = try await registry.tags(in: name, PageRequest(limit: 1000, last: tags.last?.description))
            tags += page.elements
            guard page.hasMore, !page.elements.isEmpty else { return tags }
        }
    }

    private func digests(of tags: [Tag], in name: RepositoryName) async throws(ContentError) -> [TagAttributes] {
        let found = try await inParallel(tags) { tag async throws(ContentError) -> TagAttributes? in
            do throws(ContentError) {
                return try await tagAttributes(tag, in: name)
            } catch .manifestUnknown {
                // It was removed since it was listed.
                return nil
            }
        }
        return found.compactMap { $0 }
    }

    /// One HEAD; registries that do not name the digest there are asked for the manifest.
    private func digest(of tag: Tag, in name: RepositoryName) async throws(ContentError) -> Digest {
        var call = RegistryCall(
            method: .head, url: try registry.manifestURL(.tag(tag), name), scope: .pull(name),
            object: .manifest(.tag(tag), name))
        call.headers.append("Accept", RegistryClient.manifestTypes)
        let response = try await registry.transport.succeed(call)
        if let text = response.headers["Docker-Content-Digest"], let digest = try? Digest(parsing: text) {
            return digest
        }
        return try await registry.manifest(.tag(tag), in: name).digest
    }

    private func attributes(
        _ digest: Digest, _ tags: [TagAttributes], _ name: RepositoryName
    ) async throws(ContentError) -> ManifestAttributes {
        let stored = try await registry.manifest(.digest(digest), in: name)
        let parsed = try? Manifest(parsing: stored.bytes, contentType: stored.mediaType)
        return ManifestAttributes(
            digest: digest, mediaType: stored.mediaType, configMediaType: parsed?.config?.mediaType.description,
            artifactType: parsed?.artifactType, imageSize: parsed?.contentSize ?? 0, createdAt: 0, updatedAt: 0,
            pulledAt: nil, tags: tags.filter { $0.digest == digest }.map(\.name).sorted(), locks: .all)
    }

    /// Does the work for each element, a few at a time; the results come in the elements' order.
    private func inParallel<Element: Sendable, Value: Sendable>(
        _ elements: [Element], _ work: @escaping @Sendable (Element) async throws(ContentError) -> Value
    ) async throws(ContentError) -> [Value] {
        let outcome = await withTaskGroup(of: (Int, Result<Value, ContentError>).self) { group in
            var values: [Value?] = Array(repeating: nil, count: elements.count)
            var failure: ContentError?
            var rest = elements.indices.makeIterator()
            func startNext() {
                guard let index = rest.next() else { return }
                group.addTask {
                    do throws(ContentError) {
                        return (index, .success(try await work(elements[index])))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for _ in 0..<PlainInventory.width { startNext() }
            for await (index, result) in group {
                switch result {
                case .success(let value):
                    values[index] = value
                    if failure == nil { startNext() }
                case .failure(let error):
                    // The first is the cause; what is cancelled because of it fails as well.
                    if failure == nil { failure = error }
                    group.cancelAll()
                }
            }
            return (values, failure)
        }
        if let failure = outcome.1 { throw failure }
        return outcome.0.compactMap { $0 }
    }
}
