import TestSupport
import Testing

@testable import HTTPClient

@Suite struct ProxyEnvironmentTests {
    private func covers(_ url: String, _ variables: [String: String]) throws -> Bool {
        ProxyEnvironment { variables[$0] }.covers(try HTTPURL(parsing: url))
    }

    @Test("A proxy is for its scheme, or for all")
    func schemes() throws {
        #expect(try covers("http://a.example/", ["http_proxy": "p:1"]))
        #expect(try !covers("https://a.example/", ["http_proxy": "p:1"]))
        #expect(try covers("https://a.example/", ["HTTPS_PROXY": "p:1"]))
        // A web server's environment holds it as a header field of a request, so libcurl does not read it.
        #expect(try !covers("http://a.example/", ["HTTP_PROXY": "p:1"]))
        #expect(try covers("http://a.example/", ["ALL_PROXY": "p:1"]))
        #expect(try !covers("http://a.example/", ["all_proxy": ""]))
        #expect(try !covers("http://a.example/", [:]))
    }

    @Test(
        "Hosts that no_proxy names are asked directly, and so is what lies below them",
        arguments: [
            ("a.example", "a.example", true), ("a.example", "b.example", false), ("a.example", "example", true),
            ("a.example", ".example", true), ("aexample", "example", false), ("a.example", "x, .a.example y", true),
            ("a.example", "*", true), ("A.EXAMPLE", "a.Example", true), ("a.example.", "a.example", true),
            ("10.1.2.3", "10.1.2.3", true), ("[::1]", "::1", true), ("a.example", "", false),
        ])
    func exempt(host: String, list: String, isExempt: Bool) throws {
        #expect(try covers("http://\(host)/", ["http_proxy": "p:1", "no_proxy": list]) != isExempt)
        #expect(try covers("http://\(host)/", ["http_proxy": "p:1", "NO_PROXY": list]) != isExempt)
    }
}
