import Content
import LocalRegistry
import OCIModel
import TestSupport
import Testing

@testable import PullThrough

/// Where an upstream is asked: several URLs, and paths that it knows otherwise.
@Suite struct PlaceTests {
    private let one = PackedChart("app", "1.0.0")

    @Test("The second URL is asked when the first fails, below its own path") func failover() async throws {
        let fixture = try Fixture()
        fixture.registry.change { $0.failure = .unavailable("down") }
        fixture.spare.add(one)
        #expect(try await fixture.manifest("1.0.0", "mirrored/app").0 == one.manifest)
        #expect(try await fixture.blob(Digest(of: one.archive), "mirrored/app") == one.archive)
        #expect(fixture.registry.log == ["GET a/app 1.0.0", "BLOB a/app"])
        #expect(fixture.spare.log == ["GET b/app 1.0.0", "BLOB b/app"])
    }

    @Test("The second URL is left alone while the first answers") func first() async throws {
        let fixture = try Fixture()
        fixture.registry.add(one)
        #expect(try await fixture.manifest("1.0.0", "mirrored/app").0 == one.manifest)
        await #expect(throws: ContentError.manifestUnknown("a/app 9.9.9 is unknown upstream")) {
            _ = try await fixture.manifest("9.9.9", "mirrored/app")
        }
        #expect(fixture.spare.log.isEmpty)
    }

    @Test("What the second URL lacks while the first is down is not gone: nothing is deleted here for it")
    func absentElsewhere() async throws {
        let fixture = try Fixture { $0.deletes = true }
        fixture.registry.add(one, tag: "latest")
        _ = try await fixture.manifest("latest", "mirrored/app")
        fixture.registry.change { $0.failure = .unavailable("down") }
        // Also when the first is not even asked any more.
        for _ in 0..<5 {
            fixture.wait(100)
            #expect(try await fixture.manifest("latest", "mirrored/app").0 == one.manifest)
            await fixture.settle()
        }
        let failure = await #expect(throws: ContentError.self) {
            _ = try await fixture.manifest("other", "mirrored/app")
        }
        #expect(failure?.httpStatus == 502, "\(String(describing: failure))")
        #expect(fixture.spare.log.last == "GET b/app other")
    }

    @Test("A part of a blob from the first URL is gone on with from the second") func goingOn() async throws {
        var generator = SeededGenerator(seed: 7)
        let large = PackedChart("app", "1.0.0", archive: generator.bytes(4500))
        let fixture = try Fixture()
        fixture.registry.add(large)
        fixture.spare.add(large)
        _ = try await fixture.manifest("1.0.0", "mirrored/app")
        fixture.registry.change { state in
            state.beforePiece = { [registry = fixture.registry] number in
                if number == 2 { registry.change { $0.failure = .unavailable("it broke off") } }
            }
        }
        #expect(try await fixture.blob(Digest(of: large.archive), "mirrored/app") == large.archive)
    }

    @Test("A path is asked for as the rule rewrites it, and kept under its own") func rewriting() async throws {
        let fixture = try Fixture { $0.rewrites = PathRewrite(from: "team/*", to: "library/*").map { [$0] } ?? [] }
        fixture.registry.add(one)
        #expect(try await fixture.manifest("1.0.0", "remote/team/app").0 == one.manifest)
        #expect(fixture.registry.log == ["GET library/app 1.0.0"])
        #expect(
            try await fixture.store.tags(in: fixture.name("remote/team/app"), PageRequest(limit: 9)).elements.count == 1
        )
    }
}
