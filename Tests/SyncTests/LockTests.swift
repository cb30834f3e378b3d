import OCIModel
import Sync
import TestSupport
import Testing

@Suite struct LockTests {
    private func lock() throws -> MirrorLock {
        let digest = Digest(of: Array("chart".utf8))
        let charts = MirrorPlace.charts(url: "https://charts.test/a \"b\"")
        let name = try RepositoryName(parsing: "mirror/nginx")
        let tag = try Tag(parsing: "1.0.0_x")
        let other = MirrorPlace.registry(authority: "docker.io", isSecure: true, path: "")
        return MirrorLock(mirrors: [
            LockedMirror(
                name: "m", from: charts, to: .store(path: "mirror"),
                references: [
                    LockedReference(
                        from: charts, source: "nginx", version: "1.0.0+x", digest: digest, to: .store(path: "mirror"),
                        repository: name, tag: tag, origin: .selected),
                    LockedReference(
                        from: other, source: "library/nginx", version: "1.25", digest: digest,
                        to: .layout(directory: "/srv/images"), repository: name, tag: try Tag(parsing: "1.25"),
                        origin: .image(of: "nginx 1.0.0+x", place: "values.yaml:3 image", confidence: .medium),
                        isExcluded: true),
                    LockedReference(
                        from: charts, source: "common", version: "2.0.0", digest: digest, to: .store(path: "mirror"),
                        repository: try RepositoryName(parsing: "mirror/common"), tag: try Tag(parsing: "2.0.0"),
                        origin: .dependency(of: "nginx 1.0.0+x")),
                ])
        ])
    }

    @Test("A lock reads as it is written") func roundTrip() throws {
        let lock = try lock()
        let text = lock.text
        #expect(try MirrorLock(parsing: Array(text.utf8)) == lock)
        #expect(try MirrorLock(parsing: Array(text.utf8)).text == text)
    }

    @Test("Each reference has a line of its own, so that two locks can be compared") func lines() throws {
        #expect(try lock().text.split(separator: "\n").filter { $0.contains("\"digest\"") }.count == 3)
    }

    @Test(
        "What is no lock is refused",
        arguments: [
            "", "[]", "{\"version\":2,\"mirrors\":[]}", "{\"version\":1,\"mirrors\":[{\"name\":\"m\"}]}",
            "{\"version\":1,\"mirrors\":[{\"name\":\"m\",\"from\":\"ftp://x\",\"to\":\"store:\",\"references\":[]}]}",
            "{\"version\":1,\"mirrors\":[{\"name\":\"m\",\"from\":\"store:a\",\"to\":\"store:b\",\"references\":[{}]}]}",
        ])
    func refuses(text: String) {
        #expect(throws: OCIParseError.self) { try MirrorLock(parsing: Array(text.utf8)) }
    }

    @Test("Exclusions stay when a lock is written anew") func exclusions() throws {
        let former = try #require(try lock().mirrors.first)
        let items = former.references.map {
            PlannedReference(
                .copy, from: $0.from, source: $0.source, version: $0.version, sourceDigest: $0.digest, to: $0.to,
                repository: $0.repository, tag: $0.tag, origin: $0.origin, reason: "")
        }
        let plan = MirrorPlan(mirror: "m", from: former.from, to: former.to, items: items, problems: [])
        #expect(LockedMirror.of(plan, former: former).lock == former)
    }

    @Test(
        "A place reads as it is written",
        arguments: [
            "oci://reg.test:5000/a/b", "oci+http://127.0.0.1:5000", "https://charts.test/stable", "store:", "store:a/b",
            "layout:/srv/x",
        ])
    func places(text: String) {
        #expect(MirrorPlace(text)?.description == text)
    }

    @Test(
        "What is no place, or holds a password, is refused",
        arguments: ["", "oci://", "layout:", "x", "https://u:p@h/x"])
    func refusesPlaces(text: String) {
        #expect(MirrorPlace(text) == nil)
    }
}
