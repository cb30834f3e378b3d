import ChartArchive
import HTTPMessage
import OCIModel
import TestSupport
import Testing

/// A big collection in three stores, each filled by another door.
struct CollectionWorlds {
    /// The repository all of them lie in.
    static let namespace = "collection"

    /// The store that `chartroom push` filled.
    let pushed: Web
    let archives: [String]

    /// Uploads all archives to a second store, pushes them with Helm to a third, and compares.
    func compare() async throws {
        let index = try await pushed.index(CollectionWorlds.namespace)
        #expect(index.versions.count == archives.count)
        try await compareUploaded(index)
        try await compareHelm(index)
        try await compareForms(index)
        try await compareViews(index)
    }

    /// The path of a version's manifest.
    func manifest(_ version: ReadIndex.Version) throws -> String {
        let tag = version.version.replacing("+", with: "_")
        return "/v2/\(CollectionWorlds.namespace)/\(version.name)/manifests/\(tag)"
    }

    /// By ChartMuseum's API: every manifest is the same to the byte, and so is the index.
    private func compareUploaded(_ index: ReadIndex) async throws {
        let fixture = try Fixture()
        let server = try await fixture.start(["--log-access", "false"])
        let web = try Web(try await server.url())
        try await each(archives) { path in
            let isForm = path.utf8.count % 2 == 0
            let answer = try await web.upload(
                try contents(of: path), to: CollectionWorlds.namespace, asForm: isForm)
            #expect(answer.status == 201, "\(path): \(answer)")
        }
        for version in index.versions {
            let path = try manifest(version)
            let (one, other) = (try await pushed.send(.get, path), try await web.send(.get, path))
            #expect(one.status == 200 && one.body == other.body, "\(version)")
        }
        let other = try await web.index(CollectionWorlds.namespace)
        #expect(other.bytes == index.bytes && other.tag == index.tag)
        #expect(await server.stop() == 0)
    }

    /// By the real Helm: every config and every layer is the same; the time in its manifests is that of the file.
    private func compareHelm(_ index: ReadIndex) async throws {
        guard Workshop.runs(with: Workshop.helmLibrary) else { return }
        let fixture = try Fixture()
        let server = try await fixture.start(["--log-access", "false"])
        let (web, address) = (try Web(try await server.url()), try await server.address())
        let ended = try await HelmTests.Helm()(
            ["push"] + archives + ["oci://\(address)/\(CollectionWorlds.namespace)"])
        try #require(ended.status == 0, "\(ended)")
        for version in index.versions {
            let path = try manifest(version)
            let manifests = try [try await pushed.send(.get, path), try await web.send(.get, path)].map {
                try JSONValue(parsing: $0.body)
            }
            for part in ["config", "layers"] {
                let parts = manifests.map { $0[part]?.description(.compact) }
                #expect(parts[0] != nil && parts[0] == parts[1], "\(version): \(part)")
            }
        }
        let other = try await web.index(CollectionWorlds.namespace)
        #expect(other.bytes == index.bytes && other.tag == index.tag)
        #expect(await server.stop() == 0)
    }

    /// JSON, YAML and gzip say the same.
    private func compareForms(_ index: ReadIndex) async throws {
        let path = "/charts/\(CollectionWorlds.namespace)/index.yaml"
        let tree = try JSONValue(parsing: index.bytes)
        for (query, fields) in [
            ("?format=yaml", []), ("", [(name: "Accept", value: "application/x-yaml")]),
        ] as [(String, [(name: String, value: String)])] {
            let yaml = try await pushed.send(.get, path + query, fields)
            let read = try ChartYAML.tree(yaml.body, file: "index.yaml")
            #expect(read.canonical.text() == tree.canonical.text())
        }
        for query in ["", "?format=yaml"] {
            let plain = try await pushed.send(.get, path + query)
            let packed = try await pushed.send(.get, path + query, [("Accept-Encoding", "gzip")])
            #expect(packed.headers["Content-Encoding"] == "gzip" && packed.headers["ETag"] != plain.headers["ETag"])
            #expect(try Gunzip.bytes(of: packed.body) == plain.body)
        }
    }

    /// A view lists what its selector says of the whole index, in the same order.
    private func compareViews(_ index: ReadIndex) async throws {
        let charts = Dictionary(grouping: index.versions, by: \.name)
        let name = try #require(charts.max { $0.value.count < $1.value.count }?.key)
        let start = String(name.prefix(4))
        func newest(_ count: Int) -> [ReadIndex.Version] {
            index.versions.filter { charts[$0.name]?.prefix(count).contains($0) == true }
        }
        for (view, expected) in [
            ("chart=" + name, charts[name] ?? []), ("newest=1", newest(1)), ("newest=5", newest(5)),
            ("newest=10000", index.versions), ("chart=none", []),
            ("chart=\(name);newest=2", Array((charts[name] ?? []).prefix(2))),
            ("chart=\(start)*", index.versions.filter { $0.name.hasPrefix(start) }),
            ("version=>=0.0.0-0;prereleases=yes", index.versions),
            ("prereleases=no", index.versions.filter { !$0.version.prefix { $0 != "+" }.contains("-") }),
        ] {
            let path = view.replacing(">", with: "%3E").replacing("*", with: "%2A")
            let found = try await pushed.index(CollectionWorlds.namespace + "/~" + path)
            #expect(found.versions == expected, "\(view)")
        }
    }

    /// The index against the one that was published with the archives: every version in its place, and every field but
    /// the two that are the publisher's own.
    func compare(with published: [UInt8]) async throws {
        let ours = try JSONValue(parsing: try await pushed.index(CollectionWorlds.namespace).bytes)
        let theirs = try ChartYAML.tree(published, file: "index.yaml")
        let (mine, other) = (try #require(ours["entries"]?.members), try #require(theirs["entries"]?.members))
        #expect(mine.map(\.0).sorted() == other.map(\.0).sorted())
        for (name, versions) in other {
            let expected = try #require(versions.array)
            let found = try #require(ours["entries"]?[name]?.array)
            #expect(found.map { $0["version"]?.string } == expected.map { $0["version"]?.string }, "\(name)")
            for (one, two) in zip(found, expected) {
                let (left, right) = (CollectionWorlds.fields(one), CollectionWorlds.fields(two))
                #expect(left == right, "\(name) \(one["version"]?.string ?? "")")
            }
        }
    }

    /// What is said of a version, one line a field, sorted.
    private static func fields(_ version: JSONValue) -> [String] {
        (version.canonical.members ?? []).filter { !["created", "urls"].contains($0.0) }.map {
            $0.0 + " " + $0.1.description(.compact)
        }
    }
}

/// Four at a time.
func each(_ paths: [String], _ body: @escaping @Sendable (String) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (number, path) in paths.enumerated() {
            if number >= 4 { try await group.next() }
            group.addTask { try await body(path) }
        }
        try await group.waitForAll()
    }
}
