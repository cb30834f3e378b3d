import Content
import Metadata
import OCIModel
import TestSupport
import Testing

@Suite struct BlobRowTests {
    private let fixture: MetadataFixture
    private let a: RepositoryName
    private let b: RepositoryName
    private let bytes: [UInt8] = [1, 2, 3, 4, 5]
    private var digest: Digest { Digest(of: bytes) }

    init() throws {
        fixture = try MetadataFixture()
        a = try name("a")
        b = try name("b/c")
    }

    private func totals() throws -> [Int64] {
        let totals = try fixture.reader.totals()
        return [totals.blobs, totals.physicalBytes, totals.logicalBytes, totals.repositories]
    }

    @Test("A new blob is promoted from its slot; one that is there already is only linked") func link() throws {
        #expect(try fixture.link(bytes, a, slot: "one"))
        #expect(try fixture.reader.slot(of: digest) == "one")
        #expect(try fixture.writer.slot(of: digest) == "one")
        #expect(try !fixture.link(bytes, b, slot: "two"))
        #expect(try !fixture.link(bytes, b, slot: "three"))
        #expect(try fixture.writer.promotions().map(\.slot) == ["one"])
        #expect(try fixture.writer.promotions().map(\.size) == [5])
        for repository in [a, b] {
            let found = try #require(try fixture.reader.blob(digest, in: repository))
            #expect(found.size == 5 && found.locks == .all)
        }
        #expect(try totals() == [1, 5, 10, 2])
    }

    @Test("An empty blob is a blob") func empty() throws {
        #expect(try fixture.link([], a))
        #expect(try fixture.reader.blob(Digest(of: []), in: a)?.size == 0)
        #expect(try totals() == [1, 0, 0, 1])
    }

    @Test("Digests of both algorithms live side by side") func algorithms() throws {
        let long = Digest(of: bytes, .sha512)
        try fixture.link(bytes, a)
        try fixture.step { writer throws(ContentError) in
            _ = try writer.linkBlob(long, size: 5, slot: "long", in: a, at: 1)
        }
        #expect(try fixture.reader.blob(long, in: a)?.size == 5)
        #expect(try fixture.reader.blob(digest, in: a)?.size == 5)
        #expect(try totals() == [2, 10, 10, 1])
    }

    @Test("A blob of another repository is not seen, and no repository holds what it does not link") func isolation()
        throws
    {
        try fixture.link(bytes, a)
        try fixture.link([9], b)
        #expect(try fixture.reader.blob(digest, in: b) == nil)
        #expect(try fixture.reader.blob(digest, in: try name("nowhere")) == nil)
        #expect(try fixture.reader.slot(of: Digest(of: [42])) == nil)
    }

    @Test("Linking without bytes needs a blob that is there; a failed step leaves no repository behind") func noSlot()
        throws
    {
        #expect(
            failure {
                try fixture.step { writer throws(ContentError) in
                    _ = try writer.linkBlob(digest, size: 5, slot: nil, in: a, at: 1)
                }
            } == "blobUnknown")
        #expect(try fixture.reader.repository(a) == nil)
        #expect(try totals() == [0, 0, 0, 0])
    }

    @Test("A mount links what some repository holds") func mount() throws {
        func mount(from source: RepositoryName?, _ digest: Digest) throws(ContentError) -> Bool {
            try fixture.step { writer throws(ContentError) in
                try writer.mountBlob(digest, from: source, into: b, at: fixture.now)
            }
        }
        try fixture.link(bytes, a)
        #expect(try !mount(from: try name("other"), digest))
        #expect(try !mount(from: nil, Digest(of: [9])))
        #expect(try fixture.reader.repository(b) == nil)
        #expect(try mount(from: a, digest))
        #expect(try mount(from: a, digest))
        #expect(try fixture.reader.blob(digest, in: b)?.size == 5)
        #expect(try fixture.unlink(bytes, b) == false)
        #expect(try mount(from: nil, digest))
        try fixture.lock(.write, b)
        #expect(failure { _ = try mount(from: nil, digest) } == "denied")
    }

    @Test("A repository that may not be read gives nothing to mount") func mountLocked() throws {
        let c = try name("c")
        try fixture.link(bytes, a)
        try fixture.lock(.read, a)
        for source in [a, nil] {
            let isMounted = try fixture.step { writer throws(ContentError) in
                try writer.mountBlob(digest, from: source, into: b, at: 1)
            }
            #expect(!isMounted)
        }
        try fixture.link(bytes, c)
        #expect(
            try fixture.step { writer throws(ContentError) in
                try writer.mountBlob(digest, from: nil, into: b, at: 1)
            })
    }

    @Test("A blob goes with its last link, and its file's removal is on record") func unlink() throws {
        try fixture.link(bytes, a)
        try fixture.link(bytes, b)
        #expect(try fixture.unlink(bytes, a) == false)
        #expect(try fixture.reader.blob(digest, in: a) == nil)
        #expect(try fixture.reader.blob(digest, in: b) != nil)
        #expect(try fixture.writer.removals().isEmpty)
        #expect(try totals() == [1, 5, 5, 2])
        #expect(try fixture.unlink(bytes, b) == true)
        #expect(try fixture.writer.removals() == [digest])
        #expect(try fixture.writer.promotions().isEmpty)
        #expect(try totals() == [0, 0, 0, 2])
        #expect(failure { _ = try fixture.unlink(bytes, b) } == "blobUnknown")
        #expect(failure { _ = try fixture.unlink(bytes, try name("nowhere")) } == "nameUnknown")
    }

    @Test("A blob that comes back is no removal any more") func comesBack() throws {
        try fixture.link(bytes, a)
        _ = try fixture.unlink(bytes, a)
        try fixture.link([9], a)
        _ = try fixture.unlink([9], a)
        #expect(try fixture.link(bytes, a))
        #expect(try fixture.writer.removals() == [Digest(of: [9])])
        try fixture.step { writer throws(ContentError) in try writer.forgetRemovals() }
        #expect(try fixture.writer.removals().isEmpty)
        #expect(try fixture.reader.blob(digest, in: a) != nil)
    }

    @Test("A repository that is locked takes no blob and gives none up") func locks() throws {
        try fixture.link(bytes, a)
        try fixture.lock([.write, .delete], a)
        #expect(failure { try fixture.link([9], a) } == "denied")
        #expect(failure { try fixture.link(bytes, a) } == "denied")
        #expect(failure { _ = try fixture.unlink(bytes, a) } == "unsupported")
        #expect(try fixture.reader.blob(Digest(of: [9]), in: a) == nil)
        #expect(try totals() == [1, 5, 5, 1])
        try fixture.lock([.write, .delete], a, on: true)
        #expect(try fixture.unlink(bytes, a))
    }

    @Test("Promotions are forgotten by their slots") func promotions() throws {
        for number in 0..<4 { try fixture.link([UInt8(number)], a, slot: "slot\(number)") }
        try fixture.step { writer throws(ContentError) in try writer.forgetPromotions(["slot1", "slot3", "never"]) }
        #expect(Set(try fixture.writer.promotions().map(\.slot)) == ["slot0", "slot2"])
        #expect(try fixture.reader.slot(of: Digest(of: [1])) == nil)
        #expect(try fixture.reader.slot(of: Digest(of: [2])) == "slot2")
        try fixture.step { writer throws(ContentError) in try writer.addPromotion(slot: "again", Digest(of: [1])) }
        #expect(try fixture.reader.slot(of: Digest(of: [1])) == "again")
    }

    @Test("A slot becomes one blob only") func slotTwice() throws {
        try fixture.link(bytes, a, slot: "one")
        #expect(failure { try fixture.link([9], a, slot: "one") } == "internal")
        #expect(try totals() == [1, 5, 5, 1])
    }

    @Test("A lost blob is forgotten in every repository, and the totals stay right") func lostBlob() throws {
        try fixture.link(bytes, a)
        try fixture.link(bytes, b)
        try fixture.link([9], a)
        try fixture.step { writer throws(ContentError) in
            try writer.forgetLostBlob(digest)
            try writer.forgetLostBlob(Digest(of: [42]))
        }
        #expect(try fixture.reader.blob(digest, in: a) == nil)
        #expect(try fixture.reader.blob(digest, in: b) == nil)
        #expect(try fixture.writer.promotions().map(\.digest) == [Digest(of: [9])])
        #expect(try fixture.writer.removals().isEmpty)
        #expect(try totals() == [1, 1, 1, 2])
        #expect(try fixture.link(bytes, a))
    }

    @Test("Upload sessions outlive the process") func uploads() throws {
        let ids = try (0..<3).map { try #require(UploadID(String(repeating: "\($0)", count: 32))) }
        let rows = ids.enumerated().map { number, id in
            MetadataWriter.UploadRow(
                id: id, repository: number == 0 ? a : b, slot: "slot\(number)",
                algorithm: number == 1 ? .sha512 : .sha256,
                client: "client é \(number)", startedAt: Int64(number))
        }
        for row in rows { try fixture.step { writer throws(ContentError) in try writer.addUpload(row) } }
        let sorted = try MetadataWriter(path: fixture.path).uploads().sorted { $0.startedAt < $1.startedAt }
        #expect(sorted == rows)
        // A session makes no repository: nothing has been pushed yet.
        #expect(try fixture.reader.repository(a) == nil)
        try fixture.step { writer throws(ContentError) in
            try writer.removeUpload(ids[0])
            try writer.removeUpload(ids[0])
        }
        #expect(try fixture.writer.uploads().count == 2)
        #expect(
            failure { try fixture.step { writer throws(ContentError) in try writer.addUpload(rows[1]) } } == "internal")
    }

    @Test("A locked repository begins no upload") func uploadLocked() throws {
        try fixture.link(bytes, a)
        try fixture.lock(.write, a)
        let row = MetadataWriter.UploadRow(
            id: try #require(UploadID(String(repeating: "0", count: 32))), repository: a, slot: "s", algorithm: .sha256,
            client: "c", startedAt: 0)
        #expect(failure { try fixture.step { writer throws(ContentError) in try writer.addUpload(row) } } == "denied")
        #expect(try fixture.writer.uploads().isEmpty)
    }
}
