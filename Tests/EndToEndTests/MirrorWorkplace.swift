import Content
import HTTPMessage
import OCIModel
import Posix
import Synchronization
import TestSupport
import Testing

/// A mirror file, a data directory, and the real program over both.
struct MirrorWorkplace: Sendable {
    let folder: ScratchDirectory
    var environment: [String: String] = [:]
    /// Where the store and the memory of mirrors lie.
    let data: String

    init(_ file: String = "", data: String? = nil) throws {
        folder = try ScratchDirectory()
        self.data = data ?? folder.path + "/data"
        try write(file)
    }

    func path(_ name: String) -> String { folder.path + "/" + name }

    /// Puts a mirror file in place of the one before.
    func write(_ file: String) throws { try folder.write("mirror.yaml", file) }

    /// The words of a command line for a process of its own.
    func words(_ words: [String]) -> [String] { [Workshop.chartroom] + words + ["--data", data] }

    /// Runs a command to its end.
    func callAsFunction(_ words: String...) async throws -> Ended { try await self(words) }

    func callAsFunction(_ words: [String]) async throws -> Ended {
        try await TestProgram.run(
            self.words(words), environment: environment.merging(["HOME": folder.path]) { $1 }, in: folder.path)
    }

    /// Runs a mirror; everything it has said as JSON.
    func run(_ name: String, _ more: String...) async throws -> ToldRun {
        try ToldRun(try await self(["mirror", "run", name, "--output", "json"] + more))
    }

    /// Runs a mirror whose destination must then be right: a plan before says that there is something to do, one after
    /// it that there is not, and a second run moves nothing.
    func runTwice(_ name: String, references: Int) async throws -> (first: ToldRun, second: ToldRun) {
        let before = try await self("mirror", "plan", name)
        #expect(before.status == 2, "\(name) before: \(before)")
        let first = try await run(name)
        #expect(first.ended.status == 0, "\(name): \(first.ended)")
        #expect(first.count("copied") == references && first.count("bytes") > 0, "\(name): \(first.ended)")
        let after = try await self("mirror", "plan", name)
        #expect(after.status == 0, "\(name) after: \(after)")
        let second = try await run(name)
        #expect(second.ended.status == 0, "\(name) again: \(second.ended)")
        #expect(second.count("left") == references && second.count("copied") == 0, "\(name): \(second.ended)")
        #expect(second.count("bytes") == 0 && second.count("blobs") == 0, "\(name): \(second.ended)")
        print("\(name): \(references) references, \(first.requests) requests, again \(second.requests)")
        return (first, second)
    }

    /// A layout's or registry's manifest as skopeo reads it; its digest.
    func skopeoDigest(_ image: String, _ more: String...) async throws -> String {
        let ended = try await skopeo(["inspect", "--raw"] + more + [image])
        try #require(ended.status == 0, "\(image): \(ended)")
        return Digest(of: Array(ended.output.utf8)).description
    }

    /// Skopeo with folders of its own, so that it touches nothing of the user's.
    func skopeo(_ words: [String]) async throws -> Ended {
        let home = path("home")
        try await succeed("mkdir", ["-p", home])
        return try await TestProgram.run(
            ["skopeo", "--insecure-policy", "--tmpdir", home] + words,
            environment: ["HOME": home, "XDG_RUNTIME_DIR": home, "REGISTRY_AUTH_FILE": home + "/auth.json"])
    }
}

/// `run` of this target, where a method of the same name hides it.
enum TestProgram {
    static func run(_ words: [String], environment: [String: String], in folder: String = "/") async throws -> Ended {
        try await EndToEndTests.run(
            words[0], Array(words.dropFirst()), environment: environment, in: folder, deadline: .seconds(300))
    }
}

/// What `mirror run --output json` has said.
struct ToldRun {
    let ended: Ended
    let events: [JSONValue]

    init(_ ended: Ended) throws {
        self.ended = ended
        events = try ended.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    }

    private var last: JSONValue? { events.last { $0["event"]?.string == "finished" } }

    var outcome: String? { last?["run"]?["outcome"]?.string }

    /// A number of the run by its name; -1 when the run did not end.
    func count(_ name: String) -> Int64 { last?["run"]?["counts"]?[name]?.integer ?? -1 }

    var failures: [JSONValue] { last?["failures"]?.array ?? [] }

    /// Requests to the source and to the destination.
    var requests: String { "\(count("sourceRequests")) + \(count("destinationRequests"))" }
}

/// A registry as its clients see it.
extension Web {
    private static var accepted: [(name: String, value: String)] {
        [("Accept", "\(MediaType.ociManifest), \(MediaType.ociIndex)")]
    }

    /// Which digest each tag below a path names, by `repository:tag` without the path.
    func digests(below path: String) async throws -> [String: String] {
        let found = Mutex<[String: String]>([:])
        try await each(try await repositories(below: path)) { repository in
            for tag in try await tags(of: path + "/" + repository) {
                let answer = try await send(.head, "/v2/\(path)/\(repository)/manifests/\(tag)", Web.accepted)
                try #require(answer.status == 200, "\(repository):\(tag) is listed and answers \(answer.status)")
                found.withLock { $0["\(repository):\(tag)"] = answer.headers["Docker-Content-Digest"] ?? "none" }
            }
        }
        return found.withLock { $0 }
    }

    /// The same, where everything below every manifest is asked for, and read and hashed if told so.
    func wholeDigests(below path: String, reads: Bool) async throws -> [String: String] {
        let found = Mutex<[String: String]>([:])
        try await each(try await repositories(below: path)) { repository in
            for tag in try await tags(of: path + "/" + repository) {
                let digest = try await wholeDigest(of: tag, in: path + "/" + repository, reads: reads)
                found.withLock { $0["\(repository):\(tag)"] = digest }
            }
        }
        return found.withLock { $0 }
    }

    private func wholeDigest(of tag: String, in repository: String, reads: Bool) async throws -> String {
        let name = "\(repository):\(tag)"
        let answer = try await send(.get, "/v2/\(repository)/manifests/\(tag)", Web.accepted)
        try #require(answer.status == 200, "\(name) is listed and answers \(answer.status)")
        let type = try MediaType(parsing: answer.headers["Content-Type"] ?? "")
        let manifest = try Manifest(parsing: answer.body, contentType: type)
        for blob in (manifest.config.map { [$0] } ?? []) + manifest.layers {
            let path = "/v2/\(repository)/blobs/\(blob.digest)"
            let held = try await send(reads ? .get : .head, path)
            #expect(held.status == 200, "\(name): blob \(blob.digest) answers \(held.status)")
            if reads {
                #expect(Digest(of: held.body) == blob.digest, "\(name): blob \(blob.digest) holds something else")
            } else {
                #expect(held.headers["Content-Length"] == String(blob.size), "\(name): blob \(blob.digest)")
            }
        }
        return Digest(of: answer.body).description
    }

    private func repositories(below path: String) async throws -> [String] {
        let answer = try await send(.get, "/v2/_catalog?n=1000")
        let all = try #require(try JSONValue(parsing: answer.body)["repositories"]?.array).compactMap(\.string)
        return all.filter { $0.hasPrefix(path + "/") }.map { String($0.dropFirst(path.count + 1)) }
    }

    /// A repository that uploads were begun in has no tags, and a registry may then say that it is not there.
    private func tags(of repository: String) async throws -> [String] {
        let answer = try await send(.get, "/v2/\(repository)/tags/list")
        if answer.status == 404 { return [] }
        try #require(answer.status == 200, "\(repository): \(answer.status)")
        return (try JSONValue(parsing: answer.body)["tags"]?.array ?? []).compactMap(\.string)
    }

    /// Pushes a chart into a registry whose sessions have a query of their own.
    func seed(_ chart: PackedChart, to repository: String) async throws {
        for bytes in [chart.config, chart.archive] {
            let started = try await send(.post, "/v2/\(repository)/blobs/uploads/")
            let location = try #require(started.headers["Location"])
            let mark = location.contains("?") ? "&" : "?"
            let ended = try await send(
                .put, location + mark + "digest=\(Digest(of: bytes))", body: bytes,
                [("Content-Type", "application/octet-stream")])
            try #require(ended.status == 201, "\(String(decoding: ended.body, as: UTF8.self))")
        }
        let put = try await send(
            .put, "/v2/\(repository)/manifests/\(chart.version)", body: chart.manifest.bytes,
            [("Content-Type", "\(MediaType.ociManifest)")])
        try #require(put.status == 201, "\(String(decoding: put.body, as: UTF8.self))")
    }
}
