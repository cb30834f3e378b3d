import Content
import FrontDoor
import HTTPMessage
import HTTPServer
import LocalRegistry
import OCIModel
import RegistryServer
import ServerSupport
import TestSupport
import Testing

@Suite("Tags, repositories and referrers are listed page by page") struct ListingTests {
    private func strings(_ answer: Answer, _ name: String) -> [String] {
        answer.json?[name]?.array?.compactMap(\.string) ?? ["no list"]
    }

    /// Follows `Link` from page to page; gives the pages.
    private func pages(_ bench: Bench, _ first: String) async -> [Answer] {
        var pages: [Answer] = []
        var target: String? = first
        while let next = target, pages.count < 100 {
            pages.append(await bench.get(next))
            target = Link.next(in: pages.last?["Link"])
        }
        return pages
    }

    private func tagged(_ count: Int) async throws -> Bench {
        let bench = try Bench()
        let chart = SampleChart("demo", "1.0.0")
        await bench.push(chart, "t00")
        for start in stride(from: 0, to: count, by: 50) {
            let tags = (start..<min(start + 50, count)).map { $0 < 10 ? "tag=t0\($0)" : "tag=t\($0)" }
            await bench.put(
                chart.manifest, chart.manifest.digest.description, query: "?" + tags.joined(separator: "&"))
        }
        return bench
    }

    @Test("Tags come sorted, in pages of n, each leading to the next")
    func tagPages() async throws {
        let bench = try await tagged(25)
        let pages = await pages(bench, "/v2/charts/demo/tags/list?n=10")
        #expect(pages.map { strings($0, "tags").count } == [10, 10, 5])
        #expect(pages.flatMap { strings($0, "tags") } == (0..<25).map { $0 < 10 ? "t0\($0)" : "t\($0)" })
        #expect(pages.allSatisfy { $0.json?["name"]?.string == "charts/demo" })
        #expect(pages[0]["Link"] == "</v2/charts/demo/tags/list?n=10&last=t09>; rel=\"next\"")
        #expect(pages[2]["Link"] == nil)
        let exact = await self.pages(bench, "/v2/charts/demo/tags/list?n=25")
        #expect(exact.count == 1)
        #expect(strings(await bench.get("/v2/charts/demo/tags/list"), "tags").count == 25)
    }

    @Test("last need not exist; n=0 is empty without a Link; a huge n is the largest page")
    func edges() async throws {
        let bench = try await tagged(12)
        let path = "/v2/charts/demo/tags/list"
        #expect(strings(await bench.get("\(path)?last=t0999"), "tags") == ["t10", "t11"])
        #expect(strings(await bench.get("\(path)?last=zz"), "tags") == [])
        let none = await bench.get("\(path)?n=0")
        #expect(none.status == 200 && strings(none, "tags") == [] && none["Link"] == nil)
        for huge in ["10001", "9223372036854775807", "99999999999999999999999"] {
            #expect(strings(await bench.get("\(path)?n=\(huge)"), "tags").count == 12)
        }
        for bad in ["-1", "x", "", "1x", "+1", "1.5", "%2010", "%D9%A1"] {
            let answer = await bench.get("\(path)?n=\(bad)")
            #expect(answer.summary == "400 UNSUPPORTED", "n=\(bad)")
        }
    }

    @Test("Tags of an unknown repository are 404; a repository without tags has an empty list")
    func unknownRepository() async throws {
        let bench = try Bench()
        await bench.push([1])
        #expect(await bench.get("/v2/no/where/tags/list").summary == "404 NAME_UNKNOWN")
        let answer = await bench.get("/v2/charts/demo/tags/list")
        #expect(answer.text == #"{"name":"charts/demo","tags":[]}"#)
    }

    @Test("The catalog lists repositories in pages")
    func catalog() async throws {
        let bench = try Bench()
        #expect(await bench.get("/v2/_catalog").text == #"{"repositories":[]}"#)
        for number in 0..<7 { await bench.push(SampleChart("a", "1.0.0"), "1.0.0", "r\(number)/a") }
        let pages = await pages(bench, "/v2/_catalog?n=3")
        #expect(pages.map { strings($0, "repositories").count } == [3, 3, 1])
        #expect(pages.flatMap { strings($0, "repositories") } == (0..<7).map { "r\($0)/a" })
        #expect(await bench.get("/v2/_catalog?n=0")["Link"] == nil)
        #expect(await bench.get("/v2/_catalog?n=x").status == 400)
        let attributes = await self.pages(bench, "/acr/v1/_catalog?n=3")
        #expect(attributes.map { strings($0, "repositories").count } == [3, 3, 1])
        #expect(attributes[0]["Link"]?.hasPrefix("</acr/v1/_catalog?") == true)
    }

    @Test(
        "A listing has an entity tag that changes with it, answers 304, and is never kept without asking",
        arguments: ["/v2/charts/demo/tags/list", "/v2/_catalog", "referrers", "/acr/v1/_catalog"])
    func entityTags(path: String) async throws {
        let bench = try await tagged(3)
        let subject = SampleChart("demo", "1.0.0").manifest
        let path = path == "referrers" ? "/v2/charts/demo/referrers/\(subject.digest)" : path
        let first = await bench.get(path)
        let tag = try #require(first["ETag"])
        #expect(first["Cache-Control"] == "private, no-cache")
        let head = await bench.send(.head, path)
        #expect(head.headerText == first.headerText && head.length == first.length && head.body.isEmpty)
        let same = await bench.get(path, [("If-None-Match", tag)])
        #expect(same.status == 304 && same.length == 0 && same["ETag"] == tag)
        await bench.push(Array("{}".utf8))
        await bench.put(referrer(to: Descriptor(of: subject.bytes, .ociManifest)), "zzz")
        await bench.push(SampleChart("one", "1.0.0"), "1.0.0", "another/one")
        let changed = await bench.get(path, [("If-None-Match", tag)])
        #expect(changed.status == 200)
        #expect(changed["ETag"] != tag)
    }

    // MARK: Referrers

    private func referred() async throws -> (bench: Bench, subject: Descriptor, path: String) {
        let bench = try Bench()
        let chart = SampleChart("demo", "1.0.0")
        await bench.push(chart, "1.0.0")
        await bench.push(Array("{}".utf8))
        return (
            bench, Descriptor(of: chart.manifest.bytes, .ociManifest),
            "/v2/charts/demo/referrers/\(chart.manifest.digest)"
        )
    }

    private func digests(_ answer: Answer) -> [String] {
        answer.json?["manifests"]?.array?.compactMap { $0["digest"]?.string } ?? ["no list"]
    }

    @Test("Referrers are an index, empty when there are none, also in an unknown repository")
    func noReferrers() async throws {
        let (bench, _, path) = try await referred()
        for path in [path, "/v2/no/where/referrers/\(absent)"] {
            let answer = await bench.get(path)
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "application/vnd.oci.image.index.v1+json")
            #expect(answer["OCI-Filters-Applied"] == nil)
            #expect(
                answer.text
                    == #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#)
        }
        #expect(await bench.get("/v2/charts/demo/referrers/sha256:x").summary == "400 DIGEST_INVALID")
    }

    @Test("A referrer is listed with type, size, artifact type and annotations")
    func descriptor() async throws {
        let (bench, subject, path) = try await referred()
        let typed = referrer(to: subject, type: "application/x.sig", annotations: ["who": "ann"])
        let untyped = referrer(to: subject)
        await bench.put(typed, typed.digest.description)
        await bench.put(untyped, untyped.digest.description)
        let list = try #require(await bench.get(path).json?["manifests"]?.array)
        #expect(list.count == 2)
        let first = try #require(list.first { $0["digest"]?.string == typed.digest.description })
        #expect(first["mediaType"]?.string == MediaType.ociManifest.description)
        #expect(first["size"]?.integer == Int64(typed.bytes.count))
        #expect(first["artifactType"]?.string == "application/x.sig")
        #expect(first["annotations"]?["who"]?.string == "ann")
        let second = list.first { $0["digest"]?.string == untyped.digest.description }
        #expect(second?["artifactType"]?.string == MediaType.ociEmpty.description)
    }

    @Test("A filter by artifact type is applied, said and kept from page to page")
    func filter() async throws {
        let (bench, subject, path) = try await referred()
        var expected: [String] = []
        for number in 0..<10 {
            let type = number % 2 == 0 ? "application/x.a+json" : "application/x.b"
            let manifest = referrer(to: subject, type: type, number)
            await bench.put(manifest, manifest.digest.description)
            if number % 2 == 0 { expected.append(manifest.digest.description) }
        }
        let filtered = await bench.get("\(path)?artifactType=application%2Fx.a+json")
        #expect(filtered["OCI-Filters-Applied"] == "artifactType")
        #expect(digests(filtered) == expected.sorted())
        let pages = await pages(bench, "\(path)?artifactType=application/x.a%2Bjson&n=2")
        #expect(pages.map { digests($0).count } == [2, 2, 1])
        #expect(pages.flatMap(digests) == expected.sorted())
        #expect(pages.allSatisfy { $0["OCI-Filters-Applied"] == "artifactType" })
        #expect(digests(await bench.get("\(path)?artifactType=none/such")) == [])
        #expect(digests(await bench.get("\(path)?artifactType=")).count == 10)
        #expect(await self.pages(bench, "\(path)?n=4").flatMap(digests).count == 10)
        #expect(await bench.get("\(path)?n=0")["Link"] == nil)
        #expect(await bench.get("\(path)?last=nonsense").summary == "400 DIGEST_INVALID")
    }

    @Test("What clients without the referrers API wrote under the fallback tag is folded in, once")
    func fallback() async throws {
        let (bench, subject, path) = try await referred()
        let both = referrer(to: subject, type: "application/x.a", 1)
        let foreign = SampleChart("other", "3.0.0")
        await bench.put(both, both.digest.description)
        await bench.push(foreign, "other")
        let index = SampleChart.index([both, foreign.manifest])
        let tag = "sha256-\(subject.digest.hex)"
        #expect(await bench.put(index, tag).status == 201)
        let expected = [both.digest.description, foreign.manifest.digest.description].sorted()
        #expect(digests(await bench.get(path)) == expected)
        #expect(await pages(bench, "\(path)?n=1").flatMap(digests) == expected)
        #expect(digests(await bench.get("\(path)?artifactType=application/x.a")) == [both.digest.description])
    }

    @Test("Forty referrers of one subject pushed at once are all listed")
    func concurrentReferrers() async throws {
        let (bench, subject, path) = try await referred()
        let manifests = (0..<40).map { referrer(to: subject, type: "application/x.sig", $0) }
        await withTaskGroup(of: Int.self) { group in
            for manifest in manifests {
                group.addTask { await bench.put(manifest, manifest.digest.description).status }
            }
            for await status in group { #expect(status == 201) }
        }
        #expect(digests(await bench.get(path)) == manifests.map(\.digest.description).sorted())
        #expect(await bench.send(.delete, "/v2/charts/demo/manifests/\(manifests[0].digest)").status == 202)
        #expect(digests(await bench.get(path)).count == 39)
    }
}
