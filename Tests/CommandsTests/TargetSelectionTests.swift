import OCIModel
import TestSupport
import Testing

@testable import Commands

@Suite struct TargetSelectionTests {
    func target(
        _ line: String, environment: [String: String] = ["HOME": "/home/me"], input: [String] = []
    ) async -> (target: RegistryTarget?, result: Harness.Result) {
        let harness = Harness()
        let result = await harness.run(
            line.split(separator: " ").map(String.init), input: input, environment: environment)
        return (harness.targets.first, result)
    }

    func server(_ isSecure: Bool, _ authority: String) -> RegistryTarget {
        .server(.tcp(isSecure: isSecure, authority: authority), ServerAccess())
    }

    @Test("Without anything it is the default data directory")
    func defaultStore() async {
        #expect(await target("repository list").target == .store(directory: "/home/me/.local/share/chartroom"))
        #expect(
            await target("repository list", environment: ["CHARTROOM_DATA": "/d"]).target == .store(directory: "/d"))
        #expect(await target("repository list --data x").target == .store(directory: "x"))
    }

    @Test(
        "Servers are reached as their address says",
        arguments: [
            ("repository list --server http://host:5000", false, "host:5000"),
            ("repository list --server https://host", true, "host"),
            ("repository list --server https://host/", true, "host"),
            ("repository list --server host:5000", true, "host:5000"),
            ("repository list --server localhost:5000", false, "localhost:5000"),
            ("repository list --server host:5000 --plain-http", false, "host:5000"),
            ("repository list --server https://127.0.0.1:5000", true, "127.0.0.1:5000"),
            ("tag list oci://host.example/a/b", true, "host.example"),
            ("tag list 127.0.0.1:5000/a/b", false, "127.0.0.1:5000"),
            ("tag list oci://[::1]:5000/a", false, "[::1]:5000"), ("tag list oci://h/a --plain-http", false, "h"),
        ])
    func addresses(line: String, isSecure: Bool, authority: String) async {
        #expect(await target(line).target == server(isSecure, authority))
    }

    @Test("A unix socket is a server")
    func unix() async {
        #expect(
            await target("repository list --server unix:/run/s").target
                == .server(.unix(path: "/run/s"), ServerAccess()))
    }

    @Test("A certificate authority means TLS, on this machine too")
    func authority() async {
        let found = await target("tag list localhost:5000/a --ca-file /ca.pem").target
        #expect(
            found == .server(.tcp(isSecure: true, authority: "localhost:5000"), ServerAccess(authorityFile: "/ca.pem")))
    }

    @Test("A flag wins over the reference, that over the variable, that over the data directory")
    func precedence() async {
        let environment = ["HOME": "/h", "CHARTROOM_SERVER": "https://variable"]
        #expect(await target("repository list", environment: environment).target == server(true, "variable"))
        #expect(await target("repository list --data x", environment: environment).target == .store(directory: "x"))
        #expect(
            await target("tag list oci://host.example/a", environment: environment).target
                == server(true, "host.example"))
        #expect(
            await target("tag list a --server http://flag", environment: environment).target == server(false, "flag"))
    }

    @Test(
        "Contradictions and nonsense are refused",
        arguments: [
            "repository list --server http://a --data x", "tag list oci://host.example/a --data x",
            "tag list oci://host.example/a --server http://other", "repository list --server ftp://host",
            "repository list --server unix:relative", "repository list --server http://user@host",
            "repository list --server http://host/path", "repository list --server http://",
            "repository list --server http://h --username me", "repository list --server http://h --password-stdin",
            "repository list --server http://h --username me --password-stdin",
        ])
    func refused(line: String) async {
        let (target, result) = await target(line)
        #expect(target == nil)
        #expect(result.code == .usage)
    }

    @Test("A reference and a flag may name the same host")
    func sameHost() async {
        #expect(
            await target("tag list oci://h.example/a --server http://h.example").target == server(false, "h.example"))
    }

    @Test("The password comes from standard input and is not shown")
    func password() async {
        let (target, result) = await target(
            "repository list --server https://h --username me --password-stdin", input: ["s3cret"])
        let access = ServerAccess(credentials: .init(username: "me", password: "s3cret"))
        #expect(target == .server(.tcp(isSecure: true, authority: "h"), access))
        #expect(!(result.output + result.talk).contains("s3cret"))
    }
}
