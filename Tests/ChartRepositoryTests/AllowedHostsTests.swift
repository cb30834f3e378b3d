import ChartRepository
import HTTPClient
import Testing

@Suite struct AllowedHostsTests {
    private func allows(_ hosts: AllowedHosts, _ target: String, from own: String = "https://charts.example.com/a")
        throws -> Bool
    {
        hosts.allows(try HTTPURL(parsing: target), from: try HTTPURL(parsing: own))
    }

    @Test("The own host is always allowed, whatever the port", arguments: [AllowedHosts.own, .listed([]), .any])
    func own(hosts: AllowedHosts) throws {
        #expect(try allows(hosts, "http://CHARTS.example.com:8080/x"))
        #expect(try allows(hosts, "http://127.0.0.1:1/", from: "http://127.0.0.1:2/"))
    }

    @Test(
        "Others only when they are listed",
        arguments: [
            ("https://cdn.example.com/", ["cdn.example.com"], true),
            ("https://cdn.example.com/", ["CDN.example.com:443"], true),
            ("https://cdn.example.com/", ["cdn.example.com:80"], false),
            ("https://cdn.example.com/", ["*.example.com"], true),
            ("https://example.com/", ["*.example.com"], false), ("https://badexample.com/", ["*.example.com"], false),
            ("https://a.b.example.com/", ["*.example.com"], true),
            ("https://cdn.example.com.evil.org/", ["cdn.example.com"], false),
            ("https://cdn.example.com/", [], false), ("http://127.0.0.1/", ["127.0.0.1"], true),
        ])
    func listed(target: String, patterns: [String], isAllowed: Bool) throws {
        #expect(try allows(.listed(patterns), target) == isAllowed)
        #expect(try !allows(.own, target))
    }

    @Test(
        "Any does not mean this machine or what is attached to it",
        arguments: [
            "http://localhost/", "http://a.localhost/", "http://127.0.0.1/", "http://127.1/", "http://0x7f.1/",
            "http://2130706433/", "http://0.0.0.0/", "http://169.254.169.254/", "http://[::1]/", "http://[::]/",
            "http://[fe80::1]/", "http://[::ffff:127.0.0.1]/", "http://LOCALHOST/",
        ])
    func local(target: String) throws {
        #expect(try !allows(.any, target))
        #expect(try allows(.any, target, from: "http://127.0.0.1:5000/"))
    }

    @Test(
        "Any means every other",
        arguments: [
            "http://10.0.0.1/", "https://github.com/", "http://128.0.0.1/", "http://[2001:db8::1]/", "http://1.2.3.4/",
        ])
    func remote(target: String) throws {
        #expect(try allows(.any, target))
    }
}
