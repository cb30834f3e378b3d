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

@Suite("Paths name things, or nothing") struct PathTests {
    private let chart = SampleChart("demo", "1.0.0")

    @Test("Percent-encoded names, tags and digests mean what they decode to")
    func encoded() async throws {
        let bench = try Bench()
        await bench.push(chart, "1.0.0", "acr/demo")
        let digest = chart.manifest.digest.description
        let blob = Digest(of: chart.archive).description
        for path in [
            "/v2/acr%2Fdemo/manifests/1.0.0", "/v2/acr%2fdemo/manifests/1%2E0.0",
            "/v2/acr%2Fdemo/manifests/\(digest.replacing(":", with: "%3A"))",
            "/v2/acr/demo/manifests/\(digest.replacing(":", with: "%3a"))",
            "/v2/acr%2Fdemo/blobs/\(blob.replacing(":", with: "%3A"))", "/v2/acr%2Fdemo/tags/list",
            "/acr/v1/acr%2Fdemo", "/acr/v1/acr%2Fdemo/_tags/1.0.0",
            "/acr/v1/acr%2Fdemo/_manifests/\(digest.replacing(":", with: "%3A"))",
        ] {
            #expect(await bench.get(path).status == 200, "\(path)")
        }
        let location = try #require(await bench.send(.post, "/v2/acr%2Fdemo/blobs/uploads/")["Location"])
        #expect(location.hasPrefix("/v2/acr/demo/blobs/uploads/"))
    }

    @Test(
        "What would leave its place, or is no name, names nothing",
        arguments: [
            "/v2/../manifests/a", "/v2/a/../b/manifests/a", "/v2/a/./b/manifests/a", "/v2/a%2F..%2Fb/manifests/a",
            "/v2/a//b/manifests/a", "/v2//manifests/a", "/v2/manifests/a", "/v2/%2E%2E/manifests/a",
            "/v2/a%252Fb/manifests/a", "/v2/A/manifests/a", "/v2/a%00b/manifests/a", "/v2/a/manifests/a%00",
            "/v2/a/manifests/..", "/v2/a/manifests/..%2F..%2Fetc", "/v2/a%5Cb/manifests/a", "/v2/a b/manifests/a",
            "/v2/a%zz/manifests/a", "/v2/a%2/manifests/a", "/v2/%C3%A4/manifests/a", "/v2/a%CC%81/manifests/a",
            "/v2/a/blobs/sha256:../../../etc/passwd", "/v2/a/blobs/..%2F..%2Fetc%2Fpasswd", "/v2/a/blobs/",
            "/v2/a/referrers/x", "/v2/a/tags/", "/v2/a/tags/list/", "/v2/a", "/v2/a/", "/v2/_catalog/", "/v2x",
            "/acr/v1/", "/acr/v1/..", "/acr/v1/a/_tags/..", "/acr/v1/a/_manifests/x", "/acr/v1/_tags", "/acr/v2/a",
            "/acr/v1/a/_tags/", "/../etc/passwd", "/metrics/", "/healthz/x", "//v2/", "/V2/", "",
        ])
    func attacks(path: String) async throws {
        let bench = try Bench()
        let answer = await bench.get(path)
        #expect([400, 404].contains(answer.status), "\(answer.status)")
        #expect(answer.code != nil)
    }

    @Test("Ten thousand characters are refused without repeating them")
    func long() async throws {
        let bench = try Bench()
        let long = String(repeating: "a", count: 10_000)
        for (path, summary) in [
            ("/v2/\(long)/manifests/a", "400 NAME_INVALID"), ("/v2/a/manifests/\(long)", "404 MANIFEST_UNKNOWN"),
            ("/v2/a/blobs/\(long)", "400 DIGEST_INVALID"), ("/\(long)", "404 UNSUPPORTED"),
            ("/v2/" + String(repeating: "a/", count: 5000) + "b/manifests/c", "400 NAME_INVALID"),
            ("/acr/v1/" + String(repeating: "_tags/", count: 2000), "400 NAME_INVALID"),
        ] {
            let answer = await bench.get(path)
            #expect(answer.summary == summary || answer.status == 404)
            #expect(answer.length < 1000)
        }
    }

    @Test(
        "Names may hold the words of paths",
        arguments: [
            "a/blobs/b", "a/manifests/b", "a/tags/list", "a/blobs/uploads", "blobs/uploads", "v2", "a/referrers",
        ])
    func words(name: String) async throws {
        let bench = try Bench()
        await bench.push(chart, "1.0.0", name)
        #expect(await bench.get("/v2/\(name)/manifests/1.0.0").status == 200)
        #expect(await bench.get("/v2/\(name)/blobs/\(Digest(of: chart.archive))").status == 200)
        #expect(await bench.get("/v2/\(name)/tags/list").json?["name"]?.string == name)
        #expect(await bench.get("/v2/\(name)/referrers/\(chart.manifest.digest)").status == 200)
        #expect(await bench.get("/acr/v1/\(name)").json?["imageName"]?.string == name)
        let location = await bench.begin(name)
        #expect(location.hasPrefix("/v2/\(name)/blobs/uploads/"))
        #expect(await bench.get(location).status == 204)
        #expect(await bench.send(.put, "\(location)?digest=\(Digest(of: []))").status == 201)
    }

    @Test(
        "A method a path does not know is 405 and told which it knows",
        arguments: [
            ("PUT", "/v2/"), ("POST", "/v2/_catalog"), ("POST", "/v2/a/manifests/b"), ("PATCH", "/v2/a/manifests/b"),
            ("PUT", "/v2/a/blobs/\(absent)"), ("GET", "/v2/a/blobs/uploads/"), ("DELETE", "/v2/a/blobs/uploads/"),
            ("DELETE", "/v2/a/tags/list"), ("POST", "/v2/a/referrers/\(absent)"), ("POST", "/healthz"),
            ("DELETE", "/metrics"), ("PUT", "/readyz"), ("PUT", "/"), ("PUT", "/acr/v1/a"),
            ("POST", "/acr/v1/_catalog"), ("DELETE", "/acr/v1/a/_manifests/\(absent)"),
            ("OPTIONS", "/v2/a/manifests/b"),
            ("BREW", "/v2/"), ("POST", "/v2/a/blobs/uploads/\(String(repeating: "a", count: 32))"),
        ])
    func methods(method: String, path: String) async throws {
        let bench = try Bench()
        let answer = await bench.send(HTTPMethod(rawValue: method), path)
        #expect(answer.summary == "405 UNSUPPORTED")
        let allowed = try #require(answer["Allow"])
        #expect(!allowed.split(separator: ", ").contains { $0 == method })
        #expect(!allowed.isEmpty)
    }

    @Test(
        "Every error has the one body",
        arguments: ["/nowhere", "/v2/A/tags/list", "/v2/a/manifests/b", "/v2/a/blobs/x"])
    func errors(path: String) async throws {
        let answer = await (try Bench()).get(path)
        #expect(answer["Content-Type"] == "application/json")
        let errors = try #require(answer.json?["errors"]?.array)
        #expect(errors.count == 1)
        #expect(errors.first?["code"]?.string?.isEmpty == false)
        #expect(errors.first?["message"]?.string?.isEmpty == false)
    }

    @Test("A broken query is 400, an unknown one is ignored")
    func queries() async throws {
        let bench = try Bench()
        await bench.push(chart, "1.0.0")
        for query in ["ns=docker.io", "api-version=2021-07-01", "x", "&&", "a=b=c&=", "tag", "%41=1"] {
            #expect(await bench.get("/v2/charts/demo/tags/list?\(query)").status == 200, "\(query)")
            #expect(await bench.get("/v2/charts/demo/manifests/1.0.0?\(query)").status == 200)
        }
        for query in ["n=%zz", "%00", "n=%FF"] {
            #expect(await bench.get("/v2/charts/demo/tags/list?\(query)").status == 400, "\(query)")
        }
    }
}
