public import Content
internal import HelmModel
public import OCIModel
internal import Transfer

extension MirrorWorker {
    /// Removes a reference that was marked long enough ago, and keeps what brings it back.
    ///
    /// Only what this mirror put there, and only while the tag still names it.
    func remove(_ item: PlannedReference, _ notes: ReferenceNotes) async throws(TransferError) {
        do throws(ContentError) {
            switch try await ends.destination(item.to) {
            case .artifacts(let end, _): try await remove(item, end, notes)
            case .charts(let intake, _):
                let name = item.repository.description.split(separator: "/").last.map(String.init) ?? ""
                try await notes.removing(item, nil)
                let namespace = ChartNamespace(of: item.repository)
                do throws(ContentError) {
                    try await intake.removeChart(name, version: item.tag.chartVersion, in: namespace)
                } catch {
                    guard case .manifestUnknown = error else { throw error }
                }
            }
        } catch {
            throw TransferError(.destination, error)
        }
    }

    private func remove(
        _ item: PlannedReference, _ end: any TransferDestination, _ notes: ReferenceNotes
    ) async throws(ContentError) {
        let stored: StoredManifest
        do throws(ContentError) {
            stored = try await end.manifest(.tag(item.tag), in: item.repository)
        } catch {
            switch error {
            // Somebody was faster.
            case .manifestUnknown, .nameUnknown: return await forget(item)
            default: throw error
            }
        }
        guard let digest = item.digest else {
            await forget(item)
            throw .conflict("nobody knows what this mirror put at \(item.destinationName), so it stays")
        }
        guard digest == stored.digest else {
            await forget(item)
            throw .conflict("\(item.destinationName) names \(stored.digest) now, which this mirror did not put there")
        }
        try await notes.removing(item, stored)
        do throws(ContentError) {
            try await end.deleteManifest(.tag(item.tag), in: item.repository)
        } catch {
            guard case .unsupported = error else {
                await undoNote(item)
                throw error
            }
            try await removeByDigest(item, stored, end, notes)
        }
    }

    /// For registries that remove manifests only: not when another tag names the same one, or an index with it.
    private func removeByDigest(
        _ item: PlannedReference, _ stored: StoredManifest, _ end: any TransferDestination, _ notes: ReferenceNotes
    ) async throws(ContentError) {
        do throws(ContentError) {
            guard case .tags(let tags, _) = try await end.listTags(in: item.repository, unless: nil) else { return }
            for other in tags where other.tag != item.tag {
                let digest: Digest
                if let known = other.digest {
                    digest = known
                } else {
                    digest = try await end.digest(of: other.tag, in: item.repository, unless: nil)
                }
                guard digest != stored.digest else {
                    throw ContentError.unsupported(
                        "\(item.destinationName) cannot be removed: the registry removes whole manifests only, and tag "
                            + "\(other.tag) names the same one")
                }
                guard try await !reaches(stored.digest, from: digest, in: item.repository, end, notes) else {
                    throw ContentError.unsupported(
                        "\(item.destinationName) cannot be removed: the registry removes whole manifests only, and the "
                            + "index that tag \(other.tag) names holds it")
                }
            }
            try await end.deleteManifest(.digest(stored.digest), in: item.repository)
        } catch {
            await undoNote(item)
            throw error
        }
    }

    /// Whether a manifest lies below another one.
    private func reaches(
        _ wanted: Digest, from root: Digest, in repository: RepositoryName, _ end: any TransferDestination,
        _ notes: ReferenceNotes
    ) async throws(ContentError) -> Bool {
        var waiting = [root]
        var seen: Set<Digest> = [root]
        while let next = waiting.popLast() {
            let children: [Digest]
            if let known = await notes.children(of: next) {
                children = known
            } else {
                do throws(ContentError) {
                    let stored = try await end.manifest(.digest(next), in: repository)
                    let manifest = try? Manifest(parsing: stored.bytes, contentType: stored.mediaType)
                    children = manifest?.manifests.map(\.digest) ?? []
                } catch .manifestUnknown {
                    children = []
                }
                await notes.note(children, of: next)
            }
            if children.contains(wanted) { return true }
            waiting += children.filter { seen.insert($0).inserted }
        }
        return false
    }

    private func forget(_ item: PlannedReference) async {
        let (mirror, place, slot) = (rule.name, item.to.root.description, (item.repository, item.tag))
        try? await desk.ask { ledger throws(ContentError) in try ledger.forget([slot], of: mirror, at: place) }
    }

    /// It is still there: it goes on being marked, from now on.
    private func undoNote(_ item: PlannedReference) async {
        let (mirror, place, now) = (rule.name, item.to.root.description, options.now())
        let reference = MirroredReference(
            repository: item.repository, tag: item.tag, sourceDigest: item.sourceDigest, digest: item.digest,
            seenAt: now, markedAt: now)
        try? await desk.ask { ledger throws(ContentError) in try ledger.note([reference], of: mirror, at: place) }
    }

    // MARK: Undo

    /// Takes marks back, and puts back what was removed while the destination still holds what is below it.
    ///
    /// - Parameter isMeant: which references; by their repository and tag at the destination.
    /// - Returns: what was unmarked or put back, and what could not be.
    public func undoPrune(
        _ isMeant: @Sendable (RepositoryName, Tag) -> Bool
    ) async throws(ContentError) -> (restored: [String], failures: [MirrorFailure]) {
        var places = [rule.to.root]
        if let other = rule.closure.images?.to?.root, other != rule.to.root { places.append(other) }
        var restored: [String] = []
        var failures: [MirrorFailure] = []
        for place in places {
            let (mirror, name) = (rule.name, place.description)
            let all = try await desk.ask { ledger throws(ContentError) in try ledger.references(of: mirror, at: name) }
            for reference in all where reference.markedAt != nil && isMeant(reference.repository, reference.tag) {
                let text = MirrorPlace.name(place, reference.repository.description) + ":\(reference.tag)"
                do throws(ContentError) {
                    if reference.removedAt != nil { try await putBack(reference, place) }
                    var back = reference
                    (back.markedAt, back.removedAt, back.manifest) = (nil, nil, nil)
                    let noted = back
                    try await desk.ask { ledger throws(ContentError) in try ledger.note([noted], of: mirror, at: name) }
                    restored.append(text)
                } catch {
                    failures.append(
                        MirrorFailure(
                            source: "", destination: text, side: .destination, reason: error.message,
                            hint: MirrorWorker.undoHint(error)))
                }
            }
        }
        return (restored.sorted(), failures)
    }

    private func putBack(_ reference: MirroredReference, _ place: MirrorPlace) async throws(ContentError) {
        guard let manifest = reference.manifest,
            case .artifacts(let end, _) = try await ends.destination(place)
        else {
            throw .unsupported("what a classic repository has removed cannot be put back from here")
        }
        let there = try await Survey.digest(of: reference.tag, in: reference.repository, end).get()
        if let there, there != manifest.digest {
            throw .conflict("the tag names \(there) now, which was put there since; it stays")
        }
        // Registries need not look whether what a manifest names is still there.
        try await checkContent(of: manifest, in: reference.repository, end, reads: false)
        try await end.putManifest(manifest, tags: [reference.tag], in: reference.repository)
    }

    private static func undoHint(_ error: ContentError) -> String {
        switch error {
        case .conflict: "look who put it there; remove the tag if it is not wanted"
        case .blobUnknown, .manifestUnknown, .referencesMissing, .sizeInvalid, .unsupported, .nameUnknown:
            "what it needs is gone there: select it again, and a run brings it back"
        default: ErrorHint.text(error, .destination)
        }
    }
}
