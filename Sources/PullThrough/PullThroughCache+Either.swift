internal import Content
internal import OCIModel

// What is answered about a host before anybody knows whether it is a registry or holds classic repositories.
extension PullThroughCache {
    func tagsOfEither(
        in repository: RepositoryName, _ page: PageRequest<String>, _ match: UpstreamTable.Match
    ) throws(ContentError) -> Cached<Page<Tag>> {
        // What is here says which it was.
        if try store.cachedListing(.tags(repository)) != nil || !mayKnock(match) {
            return try registryTags(in: repository, page, match)
        }
        if try store.upstreamIndex(of: ChartNamespace(of: repository)) != nil {
            return try chartTags(in: repository, page, match)
        }
        return .later { [self] () throws(ContentError) in
            let kind: UpstreamRule.Kind
            do throws(ContentError) {
                kind = try await match.upstream.kind()
            } catch {
                let failure = told(error, match, .listing(.tags(repository)))
                guard let own = try ownTags(in: repository, page) else { throw failure }
                return (own, CacheNote(warnings: [.revalidationFailed(failure.message)]))
            }
            return try await value(
                of: kind == .charts
                    ? try chartTags(in: repository, page, match) : try registryTags(in: repository, page, match))
        }
    }

    func referrersOfEither(
        of subject: Digest, in repository: RepositoryName, _ artifactType: String?, _ page: PageRequest<Digest>,
        _ match: UpstreamTable.Match
    ) throws(ContentError) -> Cached<Page<Descriptor>> {
        guard try store.cachedListing(.referrers(subject, repository)) == nil, mayKnock(match) else {
            return try registryReferrers(of: subject, in: repository, artifactType, page, match)
        }
        return .later { [self] () throws(ContentError) in
            let kind: UpstreamRule.Kind
            do throws(ContentError) {
                kind = try await match.upstream.kind()
            } catch {
                let failure = told(error, match, .listing(.referrers(subject, repository)))
                let own = try store.referrerPage(of: subject, in: repository, artifactType: artifactType, page)
                return (own, CacheNote(warnings: [.revalidationFailed(failure.message)]))
            }
            guard kind == .charts else {
                return try await value(
                    of: try registryReferrers(of: subject, in: repository, artifactType, page, match))
            }
            return (try store.referrerPage(of: subject, in: repository, artifactType: artifactType, page), .none)
        }
    }

    private func mayKnock(_ match: UpstreamTable.Match) -> Bool {
        match.upstream.isAsked && match.upstream.rule.allows(match.rest)
    }

    private func value<Value>(of cached: Cached<Value>) async throws(ContentError) -> (Value, CacheNote) {
        switch cached {
        case .here(let value, let note): (value, note)
        case .later(let read): try await read()
        }
    }
}
