import TestSupport
import Testing

@testable import Commands

@Suite struct ConfigurationCheckTests {
    static let hash = "$2y$04$abcdefghijklmnopqrstuuOUDn9U46VOdkzK2PXnqxzt7hDDVHG3S"
    let directory: ScratchDirectory

    init() throws {
        directory = try ScratchDirectory()
        try directory.write("users", "anna:\(Self.hash)\nbert:\(Self.hash)\n")
        try directory.write("c.pem", "certificate")
        try directory.write("k.pem", "key")
        try directory.write("bad", "anna:{SHA}abc\n")
    }

    func mistakes(_ yaml: String) throws -> [String] {
        let path = try directory.write("c.yaml", "data: /d\n" + yaml)
        let loaded = try ConfigurationLoader.load(file: path, flags: [:], environment: [:])
        return ConfigurationCheck.mistakes(in: loaded).map { mistake in
            String(mistake.text.split(separator: "\n")[0]).replacing(directory.path + "/", with: "")
        }
    }

    @Test(
        "What fits together is accepted",
        arguments: [
            "", "listen: localhost:1\n", "listen: 127.9.9.9:1\n", "listen: '[::1]:1'\n", "listen: unix:/run/s\n",
            "listen: 0.0.0.0:1\naccess: {users: users}\n", "listen: 0.0.0.0:1\naccess: {anonymous: read}\n",
            "listen: 0.0.0.0:1\nallowAnonymousWritesBeyondLoopback: true\n",
            "access: {users: users, readWrite: [anna], read: [bert]}\n", "tls: {certificate: c.pem, key: k.pem}\n",
        ])
    func fits(yaml: String) throws {
        #expect(try mistakes(yaml) == [])
    }

    @Test(
        "What does not fit is told where it stands",
        arguments: [
            (
                "listen: 0.0.0.0:5000\n",
                "c.yaml:2:9: listen: 0.0.0.0:5000 can be reached from other machines, and anyone there could push and delete"
            ),
            (
                "listen: example.org:1\naccess: {users: users, anonymous: read-write}\n",
                "c.yaml:2:9: listen: example.org:1 can be reached from other machines, and anyone there could push and delete"
            ), ("tls: {certificate: c.pem}\n", "c.yaml:2:20: tls.certificate: a certificate needs its key"),
            ("tls: {key: k.pem}\n", "c.yaml:2:12: tls.key: a key needs its certificate"),
            (
                "tls: {certificate: no.pem, key: k.pem}\n",
                "c.yaml:2:20: tls.certificate: cannot open no.pem: No such file or directory"
            ),
            (
                "tls: {certificate: c.pem, key: k.pem}\nlisten: unix:/run/s\n",
                "c.yaml:2:20: tls.certificate: a unix socket has no TLS"
            ), ("access: {read: [anna]}\n", "c.yaml:2:16: access.read: names users, but access.users is not set"),
            (
                "access: {users: users, read: [anna], readWrite: [anna]}\n",
                "c.yaml:2:30: access.read: 'anna' is also in access.readWrite"
            ),
            (
                "access: {users: users, read: [ana]}\n",
                "c.yaml:2:30: access.read: 'ana' is not in the file of access.users"
            ),
            (
                "access: {anonymous: none}\n",
                "c.yaml:2:21: access.anonymous: nobody could do anything: there are no users either"
            ),
            ("access: {users: none}\n", "c.yaml:2:17: access.users: cannot open none: No such file or directory"),
            (
                "access: {users: bad}\n",
                "c.yaml:2:17: access.users: bad:1: the hash of anna is not bcrypt; make it with htpasswd -B"
            ),
            (
                "limits: {connections: 5, connectionsPerAddress: 6}\n",
                "c.yaml:2:49: limits.connectionsPerAddress: is more than limits.connections, 5"
            ),
            (
                "limits: {targetBytes: 20KiB}\n",
                "c.yaml:2:23: limits.targetBytes: the target is part of the header: limits.targetBytes must not be more than limits.headerBytes"
            ),
        ])
    func contradicts(yaml: String, text: String) throws {
        #expect(try mistakes(yaml) == [text])
    }

    @Test("config check writes every mistake and ends with 1, or says ok")
    func command() async throws {
        let good = try directory.write("good.yaml", "listen: 127.0.0.1:1\n")
        let bad = try directory.write("bad.yaml", "lisen: x\ntls: {key: k.pem}\n")
        let harness = Harness()
        let fine = await harness.run(["config", "check", good])
        #expect(fine.code == .success)
        #expect(fine.output == good + ": ok\n")
        let wrong = await harness.run(["config", "check", bad])
        #expect(wrong.code == .failure)
        #expect(
            wrong.output == """
                \(bad):1:1: there is no key 'lisen'
                  hint: did you mean listen?
                \(bad):2:12: tls.key: a key needs its certificate
                  hint: set tls.certificate

                """)
        #expect(wrong.talk == "error: 2 mistakes\n")
    }

    @Test("serve refuses to start with any mistake")
    func serve() async {
        let harness = Harness()
        let result = await harness.run("serve --listen 0.0.0.0:5000")
        #expect(result.code == .usage)
        #expect(result.talk.contains("--listen: 0.0.0.0:5000 can be reached from other machines"))
        #expect(result.talk.contains("--allow-anonymous-writes-beyond-loopback"))
    }

    @Test(
        "Only addresses of this machine count as loopback",
        arguments: [
            ("127.0.0.1", true), ("127.255.0.9", true), ("localhost", true), ("LOCALHOST", true), ("::1", true),
            ("[::1]", true), ("::ffff:127.0.0.1", true), ("0.0.0.0", false), ("::", false), ("128.0.0.1", false),
            ("127.0.0.1.example.org", false), ("localhost.example.org", false), ("127.1", false),
            ("127.0.0.256", false),
            ("127.0.0.+1", false), ("", false), ("127.0.0.", false), ("1270.0.0.1", false),
        ])
    func loopback(host: String, isLoopback: Bool) {
        #expect(Loopback.contains(host: host) == isLoopback)
    }
}
