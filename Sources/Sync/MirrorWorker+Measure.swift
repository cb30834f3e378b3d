internal import Content
internal import OCIModel

extension MirrorWorker {
    /// Finds out how much is to be moved: one request for each manifest that is to be copied.
    ///
    /// A blob that several manifests share counts once. Archives of classic repositories have no size anybody tells.
    func measure(_ plan: inout MirrorPlan) async {
        let items = plan.items
        let positions = items.indices.filter { items[$0].action == .copy }
        let sizes = await Crew.map(positions, limit: rule.concurrency) { [self] position in
            await blobs(of: items[position])
        }
        var counted: Set<Digest> = []
        for (position, blobs) in zip(positions, sizes) {
            guard let blobs else { continue }
            plan.items[position].bytes = blobs.reduce(0) { sum, blob in
                counted.insert(blob.digest).inserted ? sum &+ max(0, blob.size) : sum
            }
        }
    }

    /// Every blob below a reference; nil when nobody tells.
    private func blobs(of item: PlannedReference) async -> [Descriptor]? {
        guard let name = try? Survey.repository(item.source), let tag = try? Tag(parsing: item.version),
            case .artifacts(let source)? = try? await ends.source(
                item.from, isNamedByContent: rule.isNamedByContent(item.from))
        else { return nil }
        let reference: ManifestReference = item.expected.map { .digest($0) } ?? .tag(tag)
        var (waiting, seen): ([ManifestReference], Set<Digest>) = ([reference], [])
        var blobs: [Descriptor] = []
        var count = 0
        // Whatever indexes name, each manifest is asked for once, and not more of them than a copy would take.
        while let next = waiting.popLast(), count < MirrorWorker.maximumMeasured, !Task.isCancelled {
            count += 1
            guard let stored = try? await source.manifest(next, in: name),
                let manifest = try? Manifest(parsing: stored.bytes, contentType: stored.mediaType)
            else {
                if count == 1 { return nil }
                continue
            }
            blobs += (manifest.config.map { [$0] } ?? []) + manifest.layers
            for child in manifest.manifests where seen.insert(child.digest).inserted {
                waiting.append(.digest(child.digest))
            }
        }
        return blobs
    }

    /// The most manifests below one reference that are looked at.
    private static let maximumMeasured = 1000
}

extension MirrorPlan {
    /// Bytes to move, as far as anybody knows.
    public var bytes: Int64 { items.reduce(0) { $0 &+ ($1.bytes ?? 0) } }

    /// References to copy whose size nobody tells.
    public var unknownSizes: Int { items.count { $0.action == .copy && $0.bytes == nil } }

    /// About how many requests a run will send to its source and its destination.
    ///
    /// Three a chart at a registry; the destination is asked for each blob unless its repository is new.
    public var requests: (source: Int, destination: Int) {
        var counts = (source: 0, destination: 0)
        for item in items {
            let before = counts
            defer {
                // Nobody asks the store or a directory over the network.
                if item.from.host == nil { counts.source = before.source }
                if item.to.host == nil { counts.destination = before.destination }
            }
            switch item.action {
            case .copy:
                if case .charts = item.from { counts.source += 2 } else { counts.source += 3 }
                if case .charts = item.to { counts.destination += 1 } else { counts.destination += item.isNew ? 5 : 7 }
            case .retag:
                counts.source += 1
                counts.destination += 2
            case .prune: counts.destination += 2
            case .leave, .conflict, .mark, .wait: break
            }
        }
        return counts
    }
}
