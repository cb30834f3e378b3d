import Content
import HTTPClient
import OCIModel
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct EndpointTests {
    @Test(
        "Addresses are read and written",
        arguments: [
            ("http://h:5000", "http://h:5000", "h:5000"), ("https://h/", "https://h", "h"),
            ("unix:/run/x", "unix:/run/x", "/run/x"), ("unix:///run/x", "unix:/run/x", "/run/x"),
            ("https://docker.io", "https://registry-1.docker.io", "registry-1.docker.io"),
            ("https://[::1]:5000", "https://[::1]:5000", "[::1]:5000"),
        ])
    func addresses(text: String, written: String, name: String) throws {
        let endpoint = try RegistryEndpoint(parsing: text)
        #expect(endpoint.description == written)
        #expect(endpoint.name == name)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "h", "ftp://h", "http://", "http://h/path", "http://u:p@h", "unix:x", "https://h?q", "http://h\\x",
        ])
    func refused(text: String) {
        #expect(throws: ContentError.self) { try RegistryEndpoint(parsing: text) }
    }

    @Test("Docker Hub's official repositories lie below library/")
    func dockerHub() throws {
        let client = RegistryClient(
            try RegistryEndpoint(parsing: "https://docker.io"), credentials: FixedCredential.anonymous,
            client: try makeClient())
        #expect(
            try client.tagsURL(.named("alpine")).description
                == "https://registry-1.docker.io/v2/library/alpine/tags/list")
        #expect(try client.tagsURL(.named("a/b")).description == "https://registry-1.docker.io/v2/a/b/tags/list")
    }

    @Test(
        "On the registry's own host its scheme and port stay",
        arguments: [
            ("http://r.example/x?y", "https://r.example:8443/x?y"),
            ("http://r.example:80/x", "https://r.example:8443/x"),
            ("/x", "https://r.example:8443/x"), ("https://cdn.example/x", "https://cdn.example/x"),
        ])
    func following(reference: String, expected: String) throws {
        let endpoint = try RegistryEndpoint(parsing: "https://r.example:8443")
        #expect(try endpoint.following(reference, from: try endpoint.url("/v2/")).description == expected)
    }

    @Test("On a unix socket every place is on the socket")
    func followingOnSocket() throws {
        let endpoint = try RegistryEndpoint(parsing: "unix:/run/x")
        let from = try endpoint.url("/v2/")
        #expect(
            try endpoint.following("https://anywhere.example:1/p?q", from: from).description == "http://localhost/p?q")
    }

    @Test(
        "Times are read to the microsecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-20T20:26:46.9951234Z", 1_795_206_406_995_123),
            ("2024-02-29T12:00:00.5+02:00", 1_709_200_800_500_000), ("1969-12-31T23:59:59.000001Z", -999_999),
            ("2000-03-01T00:00:00.1234567890123Z", 951_868_800_123_456),
        ])
    func times(text: String, micros: Int64) {
        #expect(AttributeTime.parse(text) == micros)
    }

    @Test(
        "What is no time is none",
        arguments: [
            "", "2026", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T25:00:00Z",
            "yyyy-01-01T00:00:00Z", "2026-01-01T00:00:00+1:00",
        ])
    func noTimes(text: String) {
        #expect(AttributeTime.parse(text) == nil)
    }
}
