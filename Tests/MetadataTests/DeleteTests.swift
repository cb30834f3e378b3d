import Content
import OCIModel
import TestSupport
import Testing

@testable import Metadata

@Suite struct DeleteTests {
    private let fixture: MetadataFixture
    private let a: RepositoryName
    private let b: RepositoryName
    private let chart = SampleChart("app", "1.0.0")

    init() throws {
        fixture = try MetadataFixture()
        a = try name("a")
        b = try name("b")
    }

    private func removeRepository(_ name: RepositoryName) throws(ContentError) -> MetadataWriter.RemovedRepository {
        try fixture.step { writer throws(ContentError) in try writer.deleteRepository(name) }
    }

    @Test("A tag goes alone") func tagAlone() throws {
        let digest = try fixture.push(chart, a, tags: ["t", "u"])
        try fixture.deleteTag("t", a)
        #expect(try fixture.reader.manifest(try tag("t"), in: a) == nil)
        #expect(try fixture.reader.manifest(try tag("u"), in: a) != nil)
        #expect(try fixture.reader.manifestAttributes(digest, in: a)?.updatedAt == fixture.now)
        #expect(try fixture.reader.repository(a)?.tagCount == 1)
        #expect(try fixture.reader.repository(a)?.updatedAt == fixture.now)
        #expect(failure { try fixture.deleteTag("t", a) } == "manifestUnknown")
        #expect(failure { try fixture.deleteTag("t", b) } == "nameUnknown")
    }

    @Test("A manifest goes with its tags and descriptors; blobs stay") func manifest() throws {
        let digest = try fixture.push(chart, a, tags: ["t", "u"])
        let other = try fixture.push(SampleChart("app", "2"), a, tags: ["v"])
        try fixture.delete(.digest(digest), a)
        for reference in [.digest(digest), try tag("t"), try tag("u")] {
            #expect(try fixture.reader.manifest(reference, in: a) == nil)
        }
        #expect(try fixture.reader.manifest(try tag("v"), in: a)?.manifest.digest == other)
        #expect(try fixture.reader.blob(Digest(of: chart.archive), in: a) != nil)
        #expect(try fixture.reader.history(of: try Tag(parsing: "t"), in: a, limit: 9).map(\.digest) == [nil, digest])
        let repository = try #require(try fixture.reader.repository(a))
        #expect(repository.manifestCount == 1 && repository.tagCount == 1)
        #expect(failure { try fixture.delete(.digest(digest), a) } == "manifestUnknown")
        #expect(try fixture.count("descriptors") == 2)
        try fixture.push(chart, a, tags: ["t"])
        #expect(try fixture.reader.manifest(try tag("t"), in: a)?.manifest == chart.manifest)
    }

    @Test("A manifest goes in one repository only") func isolation() throws {
        let digest = try fixture.push(chart, a, tags: ["t"])
        try fixture.push(chart, b, tags: ["t"])
        try fixture.delete(.digest(digest), a)
        #expect(try fixture.reader.manifest(try tag("t"), in: b)?.manifest.digest == digest)
    }

    @Test("What is locked does not go, and nothing that hangs on it") func locks() throws {
        let digest = try fixture.push(chart, a, tags: ["t", "u"])
        func refused(_ reference: ManifestReference) throws {
            #expect(failure { try fixture.delete(reference, a) } == "unsupported")
            #expect(failure { _ = try removeRepository(a) } == "unsupported")
        }
        try fixture.lock(.delete, of: try tag("t"), a)
        try refused(try tag("t"))
        try refused(.digest(digest))
        try fixture.deleteTag("u", a)
        try fixture.lock(.delete, of: try tag("t"), a, on: true)
        try fixture.lock(.delete, of: .digest(digest), a)
        try refused(.digest(digest))
        try fixture.lock(.delete, of: .digest(digest), a, on: true)
        try fixture.lock(.delete, a)
        try refused(.digest(digest))
        try refused(try tag("t"))
        try fixture.lock(.delete, a, on: true)
        try fixture.delete(.digest(digest), a)
        #expect(try fixture.reader.repository(a)?.manifestCount == 0)
    }

    @Test("A repository goes with all it holds; blobs that others hold stay") func repository() throws {
        try fixture.push(chart, a, tags: ["t", "u"])
        try fixture.push(SampleChart("app", "2"), a, tags: ["v"])
        try fixture.link([7], a)
        try fixture.push(chart, b, tags: ["t"])
        let before = try fixture.reader.totals()
        let removed = try removeRepository(a)
        #expect(removed.manifests == 2 && removed.tags == 3)
        let other = SampleChart("app", "2")
        let orphans = [other.config, other.archive, [7]].map { Digest(of: $0) }
        #expect(Set(removed.blobs) == Set(orphans))
        #expect(Set(try fixture.writer.removals()) == Set(orphans))
        #expect(Set(try fixture.writer.promotions().map(\.digest)).isDisjoint(with: orphans))
        #expect(try fixture.reader.repository(a) == nil)
        #expect(failure { _ = try fixture.reader.tags(in: a, PageRequest(limit: 9)) } == "nameUnknown")
        #expect(try fixture.reader.manifest(try tag("t"), in: b)?.manifest == chart.manifest)
        #expect(try fixture.reader.blob(Digest(of: chart.archive), in: b) != nil)
        let after = try fixture.reader.totals()
        let bytes = Int64(chart.config.count + chart.archive.count)
        #expect(after.blobs == 2 && after.physicalBytes == bytes && after.logicalBytes == bytes)
        #expect(after.repositories == 1 && after.manifests == 1 && after.tags == 1)
        #expect(before.repositories == 2)
        for table in ["descriptors", "blob_links"] { #expect(try fixture.count(table) == 2) }
        #expect(try fixture.count("tag_history") == 1)
        #expect(failure { _ = try removeRepository(a) } == "nameUnknown")
    }

    @Test("The last repository leaves an empty store") func all() throws {
        try fixture.push(chart, a, tags: ["t"])
        _ = try removeRepository(a)
        for table in [
            "repositories", "blobs", "blob_links", "promotions", "manifests", "descriptors", "tags", "tag_history",
        ] {
            #expect(try fixture.count(table) == 0, "\(table)")
        }
        let totals = try fixture.reader.totals()
        #expect(
            totals
                == MetadataReader.Totals(
                    blobs: 0, physicalBytes: 0, logicalBytes: 0, repositories: 0, manifests: 0, tags: 0))
    }

    @Test("A step that fails is undone alone; a transaction that is given up leaves nothing") func transactions() throws
    {
        let digest = Digest(of: [1])
        try fixture.writer.begin()
        try fixture.writer.step { () throws(ContentError) in
            _ = try fixture.writer.linkBlob(digest, size: 1, slot: "s", in: a, at: 1)
        }
        #expect(
            failure {
                try fixture.writer.step { () throws(ContentError) in
                    _ = try fixture.writer.linkBlob(Digest(of: [2]), size: 1, slot: "s2", in: b, at: 1)
                    throw .corrupt("halfway")
                }
            } == "corrupt")
        #expect(try fixture.reader.blob(digest, in: a) == nil)
        try fixture.writer.commit()
        #expect(try fixture.reader.blob(digest, in: a) != nil)
        #expect(try fixture.reader.repository(b) == nil)

        try fixture.writer.begin()
        try fixture.writer.step { () throws(ContentError) in _ = try fixture.writer.unlinkBlob(digest, in: a) }
        fixture.writer.rollBack()
        #expect(failure { try fixture.writer.commit() } == "storageFull")
        #expect(failure { try fixture.writer.step { () throws(ContentError) in } } == "storageFull")
        #expect(try fixture.reader.blob(digest, in: a) != nil)
        #expect(try fixture.reader.totals().blobs == 1)
    }

    @Test("Durable or not, a commit is seen at once, and survives reopening") func durability() throws {
        for isDurable in [false, true] {
            try fixture.writer.setDurable(isDurable)
            try fixture.link([isDurable ? 1 : 2], a)
            #expect(try fixture.reader.blob(Digest(of: [isDurable ? 1 : 2]), in: a) != nil)
        }
        try fixture.writer.checkpoint()
        #expect(try MetadataReader(path: fixture.path).totals().blobs == 2)
    }

    @Test("Writing over the log changes nothing") func overwriteLog() throws {
        try fixture.link([1], a)
        _ = try fixture.unlink([1], a)
        try fixture.step { writer throws(ContentError) in try writer.overwriteLog() }
        #expect(try fixture.writer.removals() == [Digest(of: [1])])
    }
}
