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

@Suite("Attribute objects show what is there, and their locks are obeyed") struct AttributeTests {
    private let chart = SampleChart("demo", "1.0.0")
    private let repository = "/acr/v1/charts/demo"
    private var tag: String { "\(repository)/_tags/1.0.0" }
    private var manifest: String { "\(repository)/_manifests/\(chart.manifest.digest)" }
    private static let open =
        #"{"deleteEnabled":true,"writeEnabled":true,"listEnabled":true,"readEnabled":true}"#

    private func stocked() async throws -> Bench {
        let bench = try Bench(store: { $0.now = { 1_700_000_000_123_456 } })
        await bench.push(chart, "1.0.0")
        return bench
    }

    private func lock(_ bench: Bench, _ path: String, _ body: String) async -> Answer {
        await bench.send(.patch, path, [("Content-Type", "application/json")], .text(body))
    }

    private func names(_ value: JSONValue?) -> [String] { value?.members?.map(\.0) ?? [] }

    @Test("A repository's object has the fields the SDKs read")
    func repositoryObject() async throws {
        let answer = await (try await stocked()).get(repository + "?api-version=2021-07-01")
        let time = "2023-11-14T22:13:20.1234560Z"
        #expect(
            answer.text == #"{"registry":"localhost:5000","imageName":"charts/demo","createdTime":"\#(time)","#
                + #""lastUpdateTime":"\#(time)","manifestCount":1,"tagCount":1,"#
                + #""changeableAttributes":\#(AttributeTests.open)}"#)
        #expect(answer["Content-Type"] == "application/json")
    }

    @Test("Tag and manifest objects, alone and in lists, have the fields the SDKs read")
    func objects() async throws {
        let bench = try await stocked()
        let tagFields = ["name", "digest", "createdTime", "lastUpdateTime", "signed", "changeableAttributes"]
        let one = await bench.get(tag).json
        #expect(names(one) == ["registry", "imageName", "tag"])
        #expect(names(one?["tag"]) == tagFields)
        #expect(one?["tag"]?["digest"]?.string == chart.manifest.digest.description)
        let tags = await bench.get(repository + "/_tags").json
        #expect(names(tags) == ["registry", "imageName", "tags"])
        #expect(tags?["tags"]?.array == [try #require(one?["tag"])])
        let found = try #require(await bench.get(manifest).json)
        #expect(names(found) == ["registry", "imageName", "manifest"])
        for name in ["digest", "imageSize", "createdTime", "lastUpdateTime", "mediaType", "configMediaType", "tags"] {
            #expect(found["manifest"]?[name] != nil, "\(name)")
        }
        #expect(found["manifest"]?["imageSize"]?.integer == Int64(chart.config.count + chart.archive.count))
        #expect(found["manifest"]?["configMediaType"]?.string == MediaType.helmConfig.description)
        #expect(found["manifest"]?["tags"]?.array?.compactMap(\.string) == ["1.0.0"])
        let manifests = await bench.get(repository + "/_manifests").json
        #expect(manifests?["manifests"]?.array?.count == 1)
        #expect(manifests?["manifests"]?.array?.first?["digest"] == found["manifest"]?["digest"])
        for path in [repository, tag, manifest, repository + "/_tags", repository + "/_manifests"] {
            let (get, head) = (await bench.get(path), await bench.send(.head, path))
            #expect(head.status == 200 && head.length == get.length && head.headerText == get.headerText)
        }
    }

    @Test("Lists come in pages whose links lead on, and by digest")
    func pages() async throws {
        let bench = try await stocked()
        for number in 0..<5 { await bench.push(SampleChart("demo", "2.0.\(number)"), "2.0.\(number)") }
        await bench.put(chart.manifest, "latest")
        for (list, count) in [("_tags", 7), ("_manifests", 6)] {
            var (seen, target) = ([String](), String?.some("\(repository)/\(list)?n=2&orderby=timedesc"))
            while let next = target, seen.count < 20 {
                let page = await bench.get(next)
                let elements = page.json?[list.dropFirst().description]?.array ?? []
                #expect(elements.count <= 2)
                seen += elements.compactMap { ($0["name"] ?? $0["digest"])?.string }
                target = Link.next(in: page["Link"])
            }
            #expect(seen.count == count && Set(seen).count == count)
        }
        let digest = chart.manifest.digest.description.replacing(":", with: "%3A")
        let first = await bench.get("\(repository)/_tags?digest=\(digest)&n=1")
        #expect(first.json?["tags"]?.array?.compactMap { $0["name"]?.string } == ["1.0.0"])
        let second = await bench.get(try #require(Link.next(in: first["Link"])))
        #expect(second.json?["tags"]?.array?.compactMap { $0["name"]?.string } == ["latest"])
        #expect(await bench.get("\(repository)/_tags?digest=x").summary == "400 DIGEST_INVALID")
        #expect(await bench.get("\(repository)/_manifests?last=x").summary == "400 DIGEST_INVALID")
        #expect(await bench.get("\(repository)/_tags?n=0").json?["tags"]?.array?.isEmpty == true)
    }

    @Test("What is not there is 404")
    func unknown() async throws {
        let bench = try await stocked()
        for path in ["/acr/v1/no/where", "/acr/v1/no/where/_tags", "/acr/v1/no/where/_manifests"] {
            #expect(await bench.get(path).summary == "404 NAME_UNKNOWN", "\(path)")
        }
        #expect(await bench.get("\(repository)/_tags/none").summary == "404 MANIFEST_UNKNOWN")
        #expect(await bench.get("\(repository)/_manifests/\(absent)").summary == "404 MANIFEST_UNKNOWN")
        #expect(await lock(bench, "/acr/v1/no/where", "{}").summary == "404 NAME_UNKNOWN")
        #expect(await lock(bench, "\(repository)/_tags/none", "{}").summary == "404 MANIFEST_UNKNOWN")
        #expect(await bench.send(.delete, "/acr/v1/no/where").summary == "404 NAME_UNKNOWN")
        #expect(await bench.send(.delete, "\(repository)/_tags/none").summary == "404 MANIFEST_UNKNOWN")
    }

    @Test("A change sets what it names and leaves the rest; null and unknown names change nothing")
    func changes() async throws {
        let bench = try await stocked()
        for path in [repository, tag, manifest] {
            let changed = await lock(bench, path, #"{"deleteEnabled":false,"listEnabled":null,"quarantine":"x"}"#)
            #expect(changed.status == 200)
            let same = await bench.get(path)
            #expect(same.text == changed.text)
            #expect(same.text.contains(#""deleteEnabled":false,"writeEnabled":true,"listEnabled":true"#))
            #expect(await lock(bench, path, #"{"deleteEnabled":true}"#).text.contains(AttributeTests.open))
        }
        for body in ["", "[]", "{", #"{"readEnabled":1}"#, #"{"readEnabled":"false"}"#, "null"] {
            #expect(await lock(bench, tag, body).status == 400, "\(body)")
        }
        let large = #"{"a":"\#(String(repeating: "x", count: 70_000))"}"#
        #expect(await lock(bench, tag, large).status == 413)
        #expect(await bench.get(tag).text.contains(AttributeTests.open))
    }

    @Test("With reading off, pulls are 403 on every path", arguments: ["repository", "tag", "manifest"])
    func readLock(object: String) async throws {
        let bench = try await stocked()
        let path = ["repository": repository, "tag": tag, "manifest": manifest][object] ?? ""
        #expect(await lock(bench, path, #"{"readEnabled":false}"#).status == 200)
        let byTag = "/v2/charts/demo/manifests/1.0.0"
        for method in [HTTPMethod.get, .head] {
            #expect(await bench.send(method, byTag).status == 403)
        }
        #expect(await bench.get(byTag).code == "DENIED")
        let byDigest = await bench.get("/v2/charts/demo/manifests/\(chart.manifest.digest)")
        #expect(byDigest.status == (object == "tag" ? 200 : 403))
        let blob = await bench.get("/v2/charts/demo/blobs/\(Digest(of: chart.archive))")
        #expect(blob.status == (object == "repository" ? 403 : 200))
        if object == "repository" {
            let mount = "/v2/charts/thief/blobs/uploads/?mount=\(Digest(of: chart.archive))"
            #expect(await bench.send(.post, mount).status == 202)
            #expect(await bench.send(.post, mount + "&from=charts/demo").status == 202)
        }
        #expect(await lock(bench, path, #"{"readEnabled":true}"#).status == 200)
        #expect(await bench.get(byTag).status == 200)
    }

    @Test("With writing off, pushes are 403 on every path")
    func writeLock() async throws {
        let bench = try await stocked()
        let second = SampleChart("demo", "2.0.0")
        let location = await bench.begin()
        #expect(await lock(bench, tag, #"{"writeEnabled":false}"#).status == 200)
        await bench.push(second.config)
        await bench.push(second.archive)
        #expect(await bench.put(second.manifest, "1.0.0").summary == "403 DENIED")
        #expect(await bench.put(chart.manifest, "1.0.0").status == 201)
        let several = await bench.put(second.manifest, second.manifest.digest.description, query: "?tag=a&tag=1.0.0")
        #expect(several.summary == "403 DENIED")
        #expect(await bench.get("/v2/charts/demo/manifests/a").status == 404)
        #expect(await lock(bench, repository, #"{"writeEnabled":false}"#).status == 200)
        let digest = Digest(of: [9])
        let uploads = "/v2/charts/demo/blobs/uploads/"
        #expect(await bench.send(.post, uploads).summary == "403 DENIED")
        #expect(await bench.send(.post, "\(uploads)?digest=\(digest)", [], FakeBody(bytes: [9])).status == 403)
        #expect(await bench.send(.patch, location, [], FakeBody(bytes: [9])).status == 403)
        #expect(await bench.send(.put, "\(location)?digest=\(digest)", [], FakeBody(bytes: [9])).status == 403)
        await bench.push([9], "charts/other")
        #expect(await bench.send(.post, "\(uploads)?mount=\(digest)&from=charts/other").status == 403)
        #expect(await bench.put(second.manifest, "b").summary == "403 DENIED")
        #expect(await bench.get("/v2/charts/demo/manifests/1.0.0").status == 200)
    }

    @Test("With deleting off, deletes are 405 on every path", arguments: ["repository", "tag", "manifest"])
    func deleteLock(object: String) async throws {
        let bench = try await stocked()
        let path = ["repository": repository, "tag": tag, "manifest": manifest][object] ?? ""
        #expect(await lock(bench, path, #"{"deleteEnabled":false}"#).status == 200)
        let byDigest = "/v2/charts/demo/manifests/\(chart.manifest.digest)"
        #expect(await bench.send(.delete, byDigest).summary == "405 UNSUPPORTED")
        #expect(await bench.send(.delete, repository).summary == "405 UNSUPPORTED")
        if object == "repository" {
            let blob = "/v2/charts/demo/blobs/\(Digest(of: chart.archive))"
            #expect(await bench.send(.delete, blob).summary == "405 UNSUPPORTED")
        }
        if object != "manifest" {
            #expect(await bench.send(.delete, "/v2/charts/demo/manifests/1.0.0").summary == "405 UNSUPPORTED")
            #expect(await bench.send(.delete, tag).summary == "405 UNSUPPORTED")
        }
        #expect(await bench.get(byDigest).status == 200)
        #expect(await lock(bench, path, #"{"deleteEnabled":true}"#).status == 200)
        #expect(await bench.send(.delete, repository).status == 202)
    }

    @Test("With listing off, an object is left out of lists and still found by name")
    func listLock() async throws {
        let bench = try await stocked()
        await bench.push(SampleChart("demo", "2.0.0"), "2.0.0")
        #expect(await lock(bench, tag, #"{"listEnabled":false}"#).status == 200)
        let tags = await bench.get("/v2/charts/demo/tags/list").json?["tags"]?.array?.compactMap(\.string)
        #expect(tags == ["2.0.0"])
        #expect(await bench.get("/v2/charts/demo/manifests/1.0.0").status == 200)
        #expect(await bench.get(tag).status == 200)
        #expect(await lock(bench, repository, #"{"listEnabled":false}"#).status == 200)
        #expect(await bench.get("/v2/_catalog").json?["repositories"]?.array?.isEmpty == true)
        #expect(await bench.get("/acr/v1/_catalog").json?["repositories"]?.array?.isEmpty == true)
        #expect(await bench.get(repository).status == 200)
    }

    @Test("Deleting a repository says what went, and takes it all")
    func deleteRepository() async throws {
        let bench = try await stocked()
        await bench.put(chart.manifest, "latest")
        let answer = await bench.send(.delete, repository)
        #expect(answer.status == 202)
        #expect(answer.text == #"{"manifestsDeletedCount":1,"tagsDeletedCount":2}"#)
        #expect(await bench.get(repository).status == 404)
        #expect(await bench.get("/v2/charts/demo/tags/list").summary == "404 NAME_UNKNOWN")
        #expect(await bench.get("/v2/charts/demo/blobs/\(Digest(of: chart.archive))").status == 404)
    }

    @Test("A tag deleted through its attribute path is gone, its manifest stays")
    func deleteTag() async throws {
        let bench = try await stocked()
        #expect(await bench.send(.delete, tag).status == 202)
        #expect(await bench.get("/v2/charts/demo/manifests/1.0.0").status == 404)
        #expect(await bench.get(manifest).json?["manifest"]?["tags"]?.array?.isEmpty == true)
    }
}
