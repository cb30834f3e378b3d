public import Content
import OCIModel

/// Checks `BlobSource` and `BlobSink`. Writes to `<prefix>/blobs`; takes 4 MB.
public func checkBlobs(of end: some BlobSource & BlobSink, prefix: String, seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let repository = try RepositoryName(parsing: prefix + "/blobs")
    for size in [1, 1000, 262_144, 300_001, 2_500_000, 0] {
        try await checkRoundTrip(of: end, repository, generator.bytes(size), &generator)
    }
    try await checkRefusals(of: end, repository, &generator)
    try await checkReading(of: end, repository, &generator)
    try await checkConcurrentPuts(of: end, repository, generator.bytes(50_000))
}

private func checkRoundTrip(
    of end: some BlobSource & BlobSink, _ repository: RepositoryName, _ bytes: [UInt8],
    _ generator: inout SeededGenerator
) async throws {
    let expected = Descriptor(of: bytes)
    var offset = 0
    var random = generator
    try await end.putBlob(expected, in: repository) { () throws(ContentError) in
        guard offset < bytes.count else { return nil }
        let piece = Array(bytes[offset...].prefix(Int.random(in: 1...200_000, using: &random)))
        offset += piece.count
        return piece
    }
    generator = random
    let size = try await end.blobSize(expected.digest, in: repository)
    try rule(size == Int64(bytes.count), "a stored blob has its size: \(size) is not \(bytes.count)")
    var read: [UInt8] = []
    var pieces: [Int] = []
    try await end.readBlob(expected.digest, in: repository, from: 0) { piece throws(ContentError) in
        read += piece
        pieces.append(piece.count)
    }
    try rule(read == bytes, "a blob of \(bytes.count) bytes is read as it was written")
    try rule(pieces.allSatisfy { (1...262_144).contains($0) }, "pieces are 1 byte to 256 KiB: \(pieces)")
    var asked = false
    try await end.putBlob(expected, in: repository) { () throws(ContentError) in
        asked = true
        return nil
    }
    try rule(!asked, "a blob that is there already is not read from its source")
}

private func checkRefusals(
    of end: some BlobSource & BlobSink, _ repository: RepositoryName, _ generator: inout SeededGenerator
) async throws {
    let bytes = generator.bytes(10_000)
    let right = Descriptor(of: bytes)
    var damaged = bytes
    damaged[5000] ^= 1
    for (what, sent) in [
        ("damaged", damaged), ("short", Array(bytes.dropLast())), ("long", bytes + [0]), ("empty", []),
    ] {
        try await rule("a \(what) blob is refused", failsWith: { $0.isWrongContent }) { () throws(ContentError) in
            try await end.putBlob(right, in: repository, sent)
        }
        try await rule("a \(what) blob is not stored", failsWith: { $0.isUnknownBlob }) { () throws(ContentError) in
            _ = try await end.blobSize(right.digest, in: repository)
        }
    }
    let failure = ContentError.corrupt("the source says so")
    var calls = 0
    try await rule("what the source throws comes back", failsWith: { $0 == failure }) { () throws(ContentError) in
        try await end.putBlob(right, in: repository) { () throws(ContentError) in
            calls += 1
            if calls == 3 { throw failure }
            return Array(bytes[(calls * 100)..<(calls * 100 + 100)])
        }
    }
    try await rule("a blob whose source failed is not stored", failsWith: { $0.isUnknownBlob }) {
        () throws(ContentError) in
        _ = try await end.blobSize(right.digest, in: repository)
    }
    try await end.putBlob(right, in: repository, bytes)
    let stored = try await end.blob(right.digest, in: repository)
    try rule(stored == bytes, "a blob that was refused before is taken when it is right")
}

private func checkReading(
    of end: some BlobSource & BlobSink, _ repository: RepositoryName, _ generator: inout SeededGenerator
) async throws {
    let bytes = generator.bytes(600_000)
    let digest = Digest(of: bytes)
    try await end.putBlob(Descriptor(of: bytes), in: repository, bytes)
    for offset in [1, 299_999, 599_999] {
        var read: [UInt8] = []
        try await end.readBlob(digest, in: repository, from: Int64(offset)) { piece throws(ContentError) in
            read += piece
        }
        try rule(read == Array(bytes[offset...]), "a read from byte \(offset) gives the rest")
    }
    let isBehindEnd = { (error: ContentError) in
        if case .rangeInvalid(_, length: 600_000) = error { true } else { false }
    }
    try await rule("a read from behind the end fails with the length", failsWith: isBehindEnd) {
        () throws(ContentError) in
        try await end.readBlob(digest, in: repository, from: 600_001) { _ in }
    }
    let failure = ContentError.storageFull("the reader says so")
    var pieces = 0
    try await rule("what the reader throws ends the read", failsWith: { $0 == failure }) { () throws(ContentError) in
        try await end.readBlob(digest, in: repository, from: 0) { _ throws(ContentError) in
            pieces += 1
            throw failure
        }
    }
    try rule(pieces == 1, "no piece comes after the reader threw")
    let unknown = Digest(of: generator.bytes(10))
    try await rule("the size of an unknown blob is unknown", failsWith: { $0.isUnknownBlob }) {
        () throws(ContentError) in
        _ = try await end.blobSize(unknown, in: repository)
    }
    try await rule("an unknown blob cannot be read", failsWith: { $0.isUnknownBlob }) { () throws(ContentError) in
        try await end.readBlob(unknown, in: repository, from: 0) { _ in }
    }
    let elsewhere = try RepositoryName(parsing: repository.description + "-elsewhere")
    try await rule(
        "a blob of one repository is not in another", failsWith: { $0.isUnknownBlob || $0.isUnknownName }
    ) { () throws(ContentError) in
        _ = try await end.blobSize(digest, in: elsewhere)
    }
}

private func checkConcurrentPuts(
    of end: some BlobSource & BlobSink, _ repository: RepositoryName, _ bytes: [UInt8]
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
            group.addTask { try await end.putBlob(Descriptor(of: bytes), in: repository, bytes) }
        }
        try await group.waitForAll()
    }
    let stored = try await end.blob(Digest(of: bytes), in: repository)
    try rule(stored == bytes, "a blob put by eight at once is there once and whole")
}
