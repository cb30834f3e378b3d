import HTTPClient
import Testing

@Suite struct URLTests {
    @Test("A URL is taken apart")
    func parts() throws {
        let url = try HTTPURL(parsing: "https://Registry.Example:8443/v2/a%2Fb/x?n=1&last=a%20b#frag")
        #expect(url.origin.scheme == .https)
        #expect(url.origin.host == "registry.example")
        #expect(url.origin.port == 8443)
        #expect(url.authority == "registry.example:8443")
        #expect(url.path == "/v2/a%2Fb/x")
        #expect(url.query == "n=1&last=a%20b")
        #expect(!url.description.contains("frag"))
    }

    @Test("The scheme's own port is left out of messages and counts as the same origin")
    func defaultPort() throws {
        let url = try HTTPURL(parsing: "https://a.example/")
        #expect(url.authority == "a.example")
        #expect(try url.origin == HTTPURL(parsing: "https://A.example:443/x").origin)
        #expect(try url.origin != HTTPURL(parsing: "http://a.example/").origin)
    }

    @Test(
        "References resolve as RFC 3986 says",
        arguments: [
            ("/v2/x?_state=a%3Db", "http://h:81/v2/x?_state=a%3Db"), ("http://o/y?z", "http://o/y?z"),
            ("z", "http://h:81/a/z"), ("?n=2", "http://h:81/a/b?n=2"), ("//o/y", "http://o/y"),
            ("../q", "http://h:81/q"),
        ])
    func references(reference: String, expected: String) throws {
        let base = try HTTPURL(parsing: "http://h:81/a/b?c=d")
        #expect(try base.resolving(reference).description == expected)
    }

    @Test(
        "What is no URL, holds a password or a control character is refused, and the message does not repeat it",
        arguments: [
            "", "host/path", "ftp://h/secret", "http://u:secret@h/", "http://secret@h/", "http://h/se\ncret",
            "http://", "http://h:99999/secret", "http://h/secret\0", "file:///etc/secret", "http://h /secret",
        ])
    func refused(text: String) {
        do {
            let url = try HTTPURL(parsing: text)
            Issue.record("taken as \(url)")
        } catch {
            guard case .urlInvalid(let message) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!message.contains("secret"))
        }
    }

    @Test("IPv6 literals keep their brackets")
    func literal() throws {
        #expect(try HTTPURL(parsing: "http://[::1]:5000/").authority == "[::1]:5000")
    }
}
