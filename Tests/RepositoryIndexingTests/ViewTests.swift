import Content
import HelmModel
import OCIModel
import RepositoryIndexing
import TestSupport
import Testing
import YAML

/// Views, YAML, and repositories that are small, empty or not there.
@Suite struct ViewTests {
    private static func view(_ text: String, isGzip: Bool = false) throws -> IndexRequest {
        IndexRequest(Room.namespace, selector: try ChartSelector(parsing: text), isGzip: isGzip)
    }

    @Test("A view of one chart reads that chart alone and is there at once")
    func oneChart() async throws {
        let room = try Room()
        try room.fill(2000)
        let before = room.charts.counts.entries
        let request = try Self.view("chart=chart42")
        let index = try #require(try room.service.ready(request))
        let chosen = room.charts.entries(in: Room.namespace).filter { $0.key.name == "chart42" }
        #expect(chosen.count == 20)
        #expect(try Room.bytes(of: index) == Room.expected(chosen))
        #expect(room.charts.counts.entries - before == 20)
        _ = try room.service.ready(request)
        #expect(room.charts.counts.entries - before == 20)
        let packed = try #require(try room.service.ready(try Self.view("chart=chart42", isGzip: true)))
        #expect(try Gunzip.strict(Room.bytes(of: packed)) == Room.expected(chosen))
        #expect(packed.entityTag != index.entityTag)
    }

    @Test("Charts of a view come in the index's order, whatever order they are named in")
    func twoCharts() throws {
        let room = try Room()
        try room.fill(400)
        let index = try #require(try room.service.ready(try Self.view("chart=chart9,chart1")))
        let chosen = room.charts.entries(in: Room.namespace).filter { ["chart1", "chart9"].contains($0.key.name) }
        #expect(try Room.bytes(of: index) == Room.expected(chosen))
    }

    @Test("A view of a chart that is not there is an empty index")
    func noChart() throws {
        let room = try Room()
        try room.fill(100)
        let index = try #require(try room.service.ready(try Self.view("chart=other")))
        #expect(try Room.bytes(of: index) == Room.expected([]))
    }

    @Test("A view over the whole repository is built once, in a file when it is large")
    func wholeView() async throws {
        let room = try Room()
        try room.fill(600, padding: 4000)
        let request = try Self.view("newest=3")
        #expect(try room.service.ready(request) == nil)
        let index = try await room.service.build(request)
        guard case .file = index.body else {
            Issue.record("90 entries of 4,200 bytes in memory")
            return
        }
        let chosen = room.charts.entries(in: Room.namespace).filter {
            ["1.19.0", "1.18.0", "1.17.0"].contains($0.version)
        }
        #expect(chosen.count == 90)
        #expect(try Room.bytes(of: index) == Room.expected(chosen))
        #expect(try room.service.ready(request)?.entityTag == index.entityTag)
        try room.put("chart3", "2.0.0")
        #expect(try room.service.ready(request) == nil)
        #expect(try await room.service.build(request).entityTag != index.entityTag)
    }

    @Test("Patterns, newest versions and constraints choose, without reading all of a long chart")
    func choosing() async throws {
        let room = try Room()
        room.charts.change(
            Room.namespace,
            try (0..<600).map { .put(try Room.entry("chart\($0 / 200)", "1.\($0 % 200).0")) })
        try room.put("other", "2.0.0-rc.1")
        let expectations: [(String, Int, (ChartEntry) -> Bool)] = [
            ("newest=1", 100, { ["1.199.0", "2.0.0-rc.1"].contains($0.version) }),
            ("chart=c*2", 230, { $0.key.name == "chart2" }),
            ("prereleases=no;newest=2", 100, { ["1.199.0", "1.198.0"].contains($0.version) }),
            ("chart=chart1;version=~1.7", 601, { $0.key.name == "chart1" && $0.version == "1.7.0" }),
            ("chart=chart0,chart1;newest=1", 50, { $0.key.name < "chart2" && $0.version == "1.199.0" }),
        ]
        for (text, mostRead, isChosen) in expectations {
            for form in [IndexRequest.Form.json, .yaml] {
                var request = try Self.view(text)
                request.form = form
                let before = room.charts.counts.entries
                let bytes = try await room.bytes(request)
                #expect(room.charts.counts.entries - before <= mostRead, "\(text)")
                let chosen = room.charts.entries(in: Room.namespace).filter(isChosen)
                #expect(!chosen.isEmpty)
                if form == .json { #expect(bytes == Room.expected(chosen), "\(text)") }
                if form == .yaml { #expect(try Self.versions(bytes) == chosen.map(\.version).sorted(), "\(text)") }
            }
        }
    }

    /// All versions in a YAML index, sorted.
    private static func versions(_ bytes: [UInt8]) throws -> [String] {
        let entries = try YAMLDocument.parse(bytes)?["entries"]?.entries ?? []
        return entries.flatMap { $0.value.elements ?? [] }.compactMap { $0["version"]?.string }.sorted()
    }

    @Test("Many views of many kinds stay within limits and are right")
    func manyViews() async throws {
        let room = try Room()
        try room.fill(2000, padding: 14_000)
        for round in 0..<2 {
            for number in 0..<80 {
                let request = try Self.view("chart=chart\(number)")
                let index = try await room.service.build(request)
                let chosen = room.charts.entries(in: Room.namespace).filter { $0.key.name == "chart\(number)" }
                #expect(try Room.bytes(of: index) == Room.expected(chosen), "round \(round)")
            }
        }
        #expect(try room.service.ready(try Self.view("chart=chart79")) != nil)
        #expect(try room.service.ready(try Self.view("chart=chart1")) == nil)
    }

    @Test("YAML says what JSON says", arguments: [3, 300])
    func yaml(count: Int) async throws {
        let room = try Room()
        try room.fill(count)
        let text = try await room.bytes(IndexRequest(Room.namespace, form: .yaml))
        let document = try #require(try YAMLDocument.parse(text))
        let expected = try JSONValue(parsing: room.expected)
        guard case .object(let charts)? = expected["entries"] else { throw Gunzip.Failure("no entries") }
        #expect(document["apiVersion"]?.string == "v1" && charts.count == (count + 19) / 20)
        #expect(document["generated"]?.string.map { .string($0) } == expected["generated"])
        for (name, versions) in charts {
            guard case .array(let versions) = versions else { throw Gunzip.Failure("no versions") }
            let written = try #require(document["entries"]?[name]?.elements)
            #expect(written.map { $0["digest"]?.string } == versions.map { Self.text($0["digest"]) })
            #expect(written.map { $0["version"]?.string } == versions.map { Self.text($0["version"]) })
        }
        let packed = try await room.bytes(IndexRequest(Room.namespace, form: .yaml, isGzip: true))
        #expect(try Gunzip.strict(packed) == text)
        let tags = try await [
            room.service.build(IndexRequest(Room.namespace)).entityTag,
            room.service.build(IndexRequest(Room.namespace, form: .yaml)).entityTag,
            room.service.build(IndexRequest(Room.namespace, form: .yaml, isGzip: true)).entityTag,
        ]
        #expect(Set(tags).count == 3)
    }

    private static func text(_ value: JSONValue?) -> String? {
        if case .string(let text)? = value { text } else { nil }
    }

    @Test("A small repository is there at once, and has the tag it would have in blocks")
    func small() async throws {
        let room = try Room()
        try room.fill(64)
        let index = try #require(try room.service.ready(IndexRequest(Room.namespace)))
        #expect(try Room.bytes(of: index) == room.expected)
        try room.put("zz", "1.0.0")
        #expect(try room.service.ready(IndexRequest(Room.namespace)) == nil)
        #expect(try await room.bytes() == room.expected)
        let key = try #require(room.charts.entries(in: Room.namespace).last?.key)
        room.charts.change(Room.namespace, [.remove(key)])
        #expect(try await room.service.build(IndexRequest(Room.namespace)).entityTag == index.entityTag)
    }

    @Test("A namespace that never held a chart is unknown, one that held some is empty")
    func nothing() async throws {
        let room = try Room()
        let namespace = try ChartNamespace(parsing: "a/b")
        for isGzip in [false, true] {
            #expect(throws: ContentError.nameUnknown("there is no chart repository \"a/b\"")) {
                try room.service.ready(IndexRequest(namespace, isGzip: isGzip))
            }
            await #expect(throws: ContentError.self) {
                try await room.service.build(IndexRequest(namespace, isGzip: isGzip))
            }
        }
        let entry = try Room.entry("a", "1.0.0")
        room.charts.change(namespace, [.put(entry)])
        room.charts.change(namespace, [.remove(entry.key)])
        #expect(try await room.bytes(IndexRequest(namespace)) == Room.expected([]))
    }

    @Test("The time of generation is that of the newest version, and the first of times without any")
    func generated() async throws {
        let room = try Room()
        var old = try Room.entry("a", "1.0.0")
        old.json = Array(String(decoding: old.json, as: UTF8.self).replacing(/20..-01-02/, with: "1999-01-02").utf8)
        room.charts.change(Room.namespace, [.put(old)])
        let json = try JSONValue(parsing: try await room.bytes())
        #expect(json["generated"] == .string("1999-01-02T03:04:05Z"))
        room.charts.change(Room.namespace, [.remove(old.key)])
        let empty = try JSONValue(parsing: try await room.bytes())
        #expect(empty["generated"] == .string("0001-01-01T00:00:00Z"))
    }
}
