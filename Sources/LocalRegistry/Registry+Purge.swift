public import Content
internal import Metadata
public import OCIModel

extension Registry {
    /// Tags, or manifests, that one transaction of a purge looks at.
    private static let purgeGroup = 64
    /// Versions of an upstream's index that one transaction of a purge removes.
    private static let versionGroup = 2000

    /// Cached tags and those among them that are gone, in the repository of this name and those below it.
    public func cachedTagCounts(below path: String) throws(ContentError) -> (tags: Int64, gone: Int64) {
        try reader().cachedTagCounts(below: path)
    }

    /// Removes what was cached below a path, a group at a time.
    ///
    /// Pushed tags stay, and so does what is locked against deleting. When everything goes, so do kept listings and
    /// what classic upstreams list. Nothing is removed when only counting; then a blob that several repositories hold
    /// counts for none.
    public func purgeCached(below path: RepositoryName, _ options: PurgeOptions) async throws(ContentError)
        -> PurgeSummary
    {
        var summary = PurgeSummary(tags: 0, manifests: 0, bytes: 0)
        var last: RepositoryName?
        while let repository = try reader().repository(below: path, after: last) {
            if options.isDryRun {
                summary.add(try await countPurge(repository, options))
            } else {
                try await purge(repository, options, &summary)
            }
            last = repository
        }
        let isAll = options.notPulledSince == nil && !options.onlyGone
        guard isAll, !options.isDryRun else { return summary }
        var hasMore = true
        while hasMore {
            hasMore = try await committer.value { writer throws(ContentError) in
                (try writer.purgeListings(below: path, limit: Registry.versionGroup), Committer.Effects())
            }
        }
        return summary
    }

    private func purge(_ repository: RepositoryName, _ options: PurgeOptions, _ summary: inout PurgeSummary)
        async throws(ContentError)
    {
        let now = self.options.now()
        var tag: String? = ""
        while let last = tag {
            let (next, part): (String?, MetadataWriter.DroppedContent) = try await committer.value {
                writer throws(ContentError) in
                var dropped = MetadataWriter.DroppedContent()
                let next = try writer.purgeCached(
                    in: repository, options, after: last, limit: Registry.purgeGroup, at: now, &dropped)
                return ((next, dropped), Committer.Effects(removed: dropped.blobs))
            }
            summary.add(part)
            tag = next
        }
        var row: Int64? = options.onlyGone ? nil : 0
        while let last = row {
            let (next, part): (Int64?, MetadataWriter.DroppedContent) = try await committer.value {
                writer throws(ContentError) in
                var dropped = MetadataWriter.DroppedContent()
                let next = try writer.purgeUnnamed(
                    in: repository, options, after: last, limit: Registry.purgeGroup, &dropped)
                return ((next, dropped), Committer.Effects(removed: dropped.blobs))
            }
            summary.add(part)
            row = next
        }
    }

    /// What a purge of one repository would remove: it is done, counted and undone.
    private func countPurge(_ repository: RepositoryName, _ options: PurgeOptions) async throws(ContentError)
        -> MetadataWriter.DroppedContent
    {
        let now = self.options.now()
        return try await committer.value { writer throws(ContentError) in
            let dropped = try writer.tryOut { () throws(ContentError) in
                var dropped = MetadataWriter.DroppedContent()
                _ = try writer.purgeCached(in: repository, options, after: "", limit: .max, at: now, &dropped)
                if !options.onlyGone {
                    _ = try writer.purgeUnnamed(in: repository, options, after: 0, limit: .max, &dropped)
                }
                return dropped
            }
            return (dropped, Committer.Effects())
        }
    }
}

extension PurgeSummary {
    fileprivate mutating func add(_ dropped: MetadataWriter.DroppedContent) {
        tags += dropped.tags
        manifests += dropped.manifests
        bytes += dropped.bytes
    }
}
