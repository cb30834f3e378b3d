import ChartRepository
import Content
import HTTPClient
import HelmModel
import Testing

@Suite struct LocationTests {
    @Test(
        "URLs are resolved as Helm resolves them",
        arguments: [
            ("https://h.org/a", "charts/x-1.tgz", "https://h.org/a/charts/x-1.tgz"),
            ("https://h.org/a/", "charts/x-1.tgz", "https://h.org/a/charts/x-1.tgz"),
            ("https://h.org/a", "../x-1.tgz", "https://h.org/x-1.tgz"),
            ("https://h.org/a/b", "/x-1.tgz", "https://h.org/x-1.tgz"),
            ("https://h.org/a", "x-1.0.0+b.tgz", "https://h.org/a/x-1.0.0+b.tgz"),
            ("https://h.org/a?token=t%2F1", "x.tgz", "https://h.org/a/x.tgz?token=t%2F1"),
            ("https://h.org/a?token=t", "x.tgz?own=1#f", "https://h.org/a/x.tgz?token=t"),
            ("https://h.org/a", "x.tgz?own=1", "https://h.org/a/x.tgz"),
            ("https://h.org/a?token=t", "https://cdn.org/x.tgz?own=1", "https://cdn.org/x.tgz?own=1"),
            ("https://h.org/a?token=t", "https://h.org/x.tgz", "https://h.org/x.tgz"),
            ("https://h.org/a?token=t", "//cdn.org/x.tgz", "https://cdn.org/x.tgz"),
            ("https://h.org:8443/a", "x.tgz", "https://h.org:8443/a/x.tgz"),
            ("https://h.org/a", "a b é.tgz", "https://h.org/a/a%20b%20%C3%A9.tgz"),
            ("https://h.org/a", "HTTPS://CDN.org/x.tgz", "https://CDN.org/x.tgz"),
            ("https://h.org/a", "a%2Fb.tgz", "https://h.org/a/a%2Fb.tgz"),
            ("https://h.org/a", "\\\\cdn.org\\x.tgz", "https://h.org/a/%5C%5Ccdn.org%5Cx.tgz"),
        ])
    func resolving(base: String, reference: String, expected: String) throws {
        let location = try repository(base).location(of: .room([reference]))
        guard case .http(let url) = location else {
            Issue.record("\(location)")
            return
        }
        #expect(url.description.lowercased() == expected.lowercased())
    }

    @Test("An address in a registry is handed to the caller as it is")
    func registry() throws {
        let text = "oci://registry.example.com/charts/room:1.0.0"
        #expect(try repository("https://h.org/").location(of: .room([text])) == .registry(text))
    }

    @Test(
        "What leads nowhere is an error that names chart and repository",
        arguments: [
            "ftp://h.org/x.tgz", "file:///etc/passwd", "javascript:x", "http://", "https://u:p@h.org/x.tgz", "?a", "",
        ])
    func bad(reference: String) throws {
        #expect {
            try repository("https://h.org/a?hush").location(of: .room([reference]))
        } throws: { error in
            let message = (error as? ContentError)?.message ?? ""
            return message.hasPrefix("chart room 1.0.0 of https://h.org/a: ") && !message.contains("hush")
        }
    }

    @Test("Without a URL there is no place")
    func none() throws {
        #expect(throws: ContentError.self) { try repository("https://h.org/").location(of: .room([])) }
    }
}
