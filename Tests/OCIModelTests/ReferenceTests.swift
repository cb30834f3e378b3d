import OCIModel
import TestSupport
import Testing

@Suite struct ReferenceTests {
    private static let digest = "sha256:" + String(repeating: "a", count: 64)

    /// Text, host, repository, tag, digest.
    private static let table: [(String, String?, String, String?, String?)] = [
        ("charts", nil, "charts", nil, nil),
        ("charts/app", nil, "charts/app", nil, nil),
        ("app:1.0", nil, "app", "1.0", nil),
        ("charts/app:1.0.0+up1", nil, "charts/app", "1.0.0_up1", nil),
        ("app@" + digest, nil, "app", nil, digest),
        ("app:1.0@" + digest, nil, "app", "1.0", digest),
        ("localhost/app", "localhost", "app", nil, nil),
        ("localhost:5000/app", "localhost:5000", "app", nil, nil),
        ("localhost:5000/a/b:t", "localhost:5000", "a/b", "t", nil),
        ("registry.example/a/b@" + digest, "registry.example", "a/b", nil, digest),
        ("[::1]:5000/app", "[::1]:5000", "app", nil, nil),
        ("oci://room/app:1", "room", "app", "1", nil),
        ("oci://registry.example/app", "registry.example", "app", nil, nil),
        ("oci://127.0.0.1:5000/charts/app:1@" + digest, "127.0.0.1:5000", "charts/app", "1", digest),
        // Docker's reading: without a slash there is no host.
        ("host:5000", nil, "host", "5000", nil),
    ]

    @Test("Each part is found", arguments: table)
    func parts(text: String, host: String?, repository: String, tag: String?, digest: String?) throws {
        let reference = try Reference(parsing: text)
        #expect(reference.host == host)
        #expect(reference.repository.description == repository)
        #expect(reference.tag?.description == tag)
        #expect(reference.digest?.description == digest)
        switch reference.manifest {
        case .digest(let found): #expect(found.description == digest)
        case .tag(let found): #expect(found.description == tag && digest == nil)
        case nil: #expect(tag == nil && digest == nil)
        }
    }

    @Test("What is printed is read as the same", arguments: table)
    func roundTrip(text: String, host: String?, repository: String, tag: String?, digest: String?) throws {
        let reference = try Reference(parsing: text)
        #expect(try Reference(parsing: reference.description) == reference)
        if text.hasPrefix("oci://") == reference.description.hasPrefix("oci://"), !text.contains("+") {
            #expect(reference.description == text)
        }
    }

    @Test("A scheme is printed only where a host would not be seen without one") func schemes() throws {
        #expect(try Reference(parsing: "oci://room/app").description == "oci://room/app")
        #expect(try Reference(parsing: "oci://a.b/app").description == "a.b/app")
        #expect(try Reference(parsing: "oci://localhost/app").description == "localhost/app")
    }

    @Test(
        "What is no reference",
        arguments: hostileTexts + [
            "oci://", "oci://host", "oci:///app", "oci://host/", "oci://user@host/app", "oci://host/app@",
            "app@sha256:abc",
            "app:", "app:.x", "app:a/b:c", ":tag", "@" + digest, "App", "host.example/", "host.example/App",
            "https://host.example/app", "oci://ho st/app", "oci://host\n/app", "oci://hö.st/app", "oci://host?x/app",
            "oci://host#x/app", "h:/app", "h:x/app", "h:123456/app", "h:1:2/app", "[::1/app:1", "oci://[]/app",
            "oci://[::1]x/app",
            "oci://[g::1 ]/app", "oci://a[::1]/app", "::1/app", "oci://:5000/app", "oci://host%2f/app",
            "oci://oci://host/app", "app:1@" + digest + "@" + digest,
            "app@" + digest.uppercased(), "app:" + String(repeating: "x", count: 129), "a//b", "oci://h//app",
        ])
    func refused(text: String) {
        let error = #expect(throws: OCIParseError.self) { try Reference(parsing: text) }
        #expect((error?.description.unicodeScalars.count ?? 1000) < 300)
    }

    @Test(
        "A path has no host, whatever it begins with",
        arguments: [
            "ghcr.io/org/nginx:1.2.3", "localhost/a", "a", "127.0.0.1_8080/nginx",
            "a.b/c:1_2@sha256:" + String(repeating: "0", count: 64),
        ])
    func paths(text: String) throws {
        let reference = try Reference(path: text)
        #expect(reference.host == nil)
        #expect(reference.path == text)
    }

    @Test("The plus of a version is understood in a path") func plus() throws {
        #expect(try Reference(path: "a/b:1.0.0+x").tag?.description == "1.0.0_x")
    }

    @Test("What is no path is refused", arguments: ["", "oci://a/b", "a:5000/b", "a/b:", "a/b@x", "A", "a//b"])
    func noPaths(text: String) {
        #expect(throws: OCIParseError.self) { try Reference(path: text) }
    }
}
