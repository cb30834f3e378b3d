internal import BlobStorage
internal import Codecs
internal import Content
internal import Metadata
internal import OCIModel
internal import Posix

/// Settles what a dead process left, before the first request.
///
/// Looks only at what was under way.
struct Recovery {
    let writer: MetadataWriter
    let blobs: BlobStore
    let uploads: UploadTable
    let options: RegistryOptions

    func run() throws(ContentError) {
        do {
            try finishMoves()
            let kept = try takeUpSessions()
            try blobs.recoverSlots(keeping: kept)
        } catch let error as ContentError {
            throw error
        } catch {
            throw .storageFull("the store cannot be recovered: \(error)")
        }
    }

    /// Gives blobs the names they were about to get, and takes away files whose rows are gone.
    private func finishMoves() throws {
        let moves = try writer.promotions()
        let removals = try writer.removals()
        guard !moves.isEmpty || !removals.isEmpty else { return }
        var whole: Set<Digest> = []
        for move in moves {
            if isWhole(move, try? blobs.open(move.digest)) {
                whole.insert(move.digest)
            } else if isWhole(move, try? blobs.open(slot: move.slot)) {
                try blobs.promote(slot: move.slot, to: move.digest)
                whole.insert(move.digest)
                options.observer.didRecover("gave blob \(move.digest) its name")
            }
        }
        let lost = Set(moves.map(\.digest)).subtracting(whole)
        for digest in lost {
            options.observer.didFail("blob \(digest) is lost: neither its file nor its slot holds it; push it again")
        }
        for digest in removals + lost {
            try blobs.remove(digest)
            options.observer.didRecover("removed the file of blob \(digest)")
        }
        try blobs.flushNames(Set(DigestAlgorithm.allCases))
        try transact { () throws(ContentError) in
            try writer.forgetPromotions(moves.map(\.slot))
            try writer.forgetRemovals()
            for digest in lost { try writer.forgetLostBlob(digest) }
        }
    }

    /// Blobs that are flushed by their upload itself are not read again; the others are small.
    private static let mostVerifiedBytes: Int64 = 1 << 20

    /// Whether a file is the blob.
    ///
    /// Bytes are on the disk before rows, unless the store was relaxed: then a power cut leaves rows whose bytes it
    /// took, and reading the few that are in question tells.
    private func isWhole(_ move: MetadataWriter.Promotion, _ file: BlobFile?) -> Bool {
        guard let file, file.size == move.size else { return false }
        guard move.size <= Recovery.mostVerifiedBytes else { return true }
        let function: ContentHasher.Function = move.digest.algorithm == .sha256 ? .sha256 : .sha512
        guard let bytes = try? file.read(at: 0, maximumBytes: Int(move.size)) else { return false }
        return Digest(move.digest.algorithm, hash: ContentHasher.hash(bytes.span, function)) == move.digest
    }

    /// Takes up upload sessions that are not too old; gives the slots they keep.
    private func takeUpSessions() throws -> Set<String> {
        var kept: Set<String> = []
        var dropped: [UploadID] = []
        for row in try writer.uploads() {
            let size = try blobs.ingestSize(of: row.slot)
            if let size, uploads.resume(row, length: size) {
                kept.insert(row.slot)
            } else {
                dropped.append(row.id)
            }
        }
        if !dropped.isEmpty {
            try transact { () throws(ContentError) in for id in dropped { try writer.removeUpload(id) } }
            options.observer.didRecover("forgot \(dropped.count) expired upload sessions")
        }
        return kept
    }

    private func transact(_ body: () throws(ContentError) -> Void) throws(ContentError) {
        try writer.begin()
        do {
            try body()
        } catch {
            writer.rollBack()
            throw error
        }
        try writer.commit()
    }
}
