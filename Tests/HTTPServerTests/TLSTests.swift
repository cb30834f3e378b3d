import Glibc
import HTTPMessage
import HTTPServer
import Posix
import Testing

@Suite struct TLSTests {
    /// Runs a program with a shell and gives what it wrote.
    @discardableResult
    private static func run(_ command: String) throws -> String {
        guard let pipe = popen(command + " 2>&1", "r") else { throw RawClient.Failed(reason: command) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            output += buffer[..<count]
        }
        let status = pclose(pipe)
        let text = String(decoding: output, as: UTF8.self)
        guard status == 0 else { throw RawClient.Failed(reason: "\(command): \(text)") }
        return text
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw RawClient.Failed(reason: path) }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
    }

    /// Makes a certificate for a name that tells it apart.
    private static func certificate(_ name: String, _ kind: String = "ec -pkeyopt ec_paramgen_curve:P-256") throws
        -> ServerCertificate
    {
        var template = Array("/tmp/chartroom-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw RawClient.Failed(reason: "mkdtemp") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { _ = try? run("rm -r \(folder)") }
        try run(
            "openssl req -x509 -newkey \(kind) -nodes -days 2 -subj /CN=\(name) -keyout \(folder)/key -out \(folder)/chain"
        )
        return ServerCertificate(chainPEM: try read("\(folder)/chain"), keyPEM: try read("\(folder)/key"))
    }

    /// The name in the certificate a new handshake gets.
    private static func presented(_ address: BoundAddress, _ options: String = "") throws -> String {
        try run(
            "openssl s_client -connect \(address) \(options) </dev/null | openssl x509 -noout -subject -nameopt multiline"
        )
    }

    @Test(
        "Requests, uploads and files pass through TLS", arguments: ["ec -pkeyopt ec_paramgen_curve:P-256", "rsa:2048"])
    func bodies(kind: String) async throws {
        let bytes = FileTests.bytes(3_000_000)
        let consumer = RecordingConsumer(keepsBytes: false)
        try await withServer(
            certificate: Self.certificate("first", kind),
            plan: { request in
                switch request.rawPath {
                case "/file": return .respond(Response(.ok, body: .file(TestFile(bytes, offset: 500_000))))
                case "/upload": return .stream(maximumBytes: 1 << 30, consumer)
                default: return .perform { .text("\(request.isSecure)") }
                }
            }
        ) { server, _ in
            let base = "https://\(server.address)"
            #expect(try Self.run("curl -sk \(base)/") == "true")
            #expect(try Self.run("curl -sk \(base)/file | wc -c").contains("2500000"))
            let sum = try Self.run("curl -sk \(base)/file | cksum")
            let file = TestFile(bytes, offset: 500_000)
            let descriptor = file.takeDescriptor()
            defer { close(descriptor) }
            #expect(try Self.run("tail -c +500001 /proc/\(getpid())/fd/\(descriptor) | cksum") == sum)
            #expect(try Self.run("head -c 2000000 /dev/zero | curl -sk -T - \(base)/upload") == "received 2000000")
        }
    }

    @Test("A growing body passes through TLS, each piece before the next is written")
    func growing() async throws {
        let file = GrowingFile()
        let bytes = FileTests.bytes(200_000)
        try await withServer(
            certificate: Self.certificate("first"), plan: { _ in GrowingBodyTests.answer(file, length: bytes.count) }
        ) { server, handler in
            guard let pipe = popen("curl -skN https://\(server.address)/", "r") else {
                throw RawClient.Failed(reason: "popen")
            }
            var sent = 0
            for size in [1, 100_000, 99_998, 1] {
                file.append(bytes[sent..<(sent + size)])
                var piece = [UInt8](repeating: 0, count: size)
                #expect(fread(&piece, 1, size, pipe) == size)
                #expect(piece == Array(bytes[sent..<(sent + size)]))
                sent += size
            }
            #expect(pclose(pipe) == 0)
            #expect(handler.outcomes(1).allSatisfy { $0.outcome.isComplete && $0.outcome.bytesSent == 200_000 })
        }
    }

    @Test("A renewed certificate meets new handshakes while an open connection goes on")
    func reload() async throws {
        try await withServer(certificate: Self.certificate("first"), plan: { .respond(.text($0.rawPath)) }) {
            server, _ in
            #expect(try Self.presented(server.address).contains("first"))
            guard let pipe = popen("openssl s_client -quiet -connect \(server.address) >/dev/null 2>&1", "w") else {
                throw RawClient.Failed(reason: "popen")
            }
            fputs("GET /before HTTP/1.1\r\nHost: x\r\n\r\n", pipe)
            fflush(pipe)
            while server.statistics.openConnections == 0 { poll(nil, 0, 5) }
            try server.replaceCertificate(Self.certificate("second"))
            #expect(try Self.presented(server.address).contains("second"))
            #expect(server.statistics.openConnections >= 1)
            fputs("GET /after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", pipe)
            fflush(pipe)
            // The client ends by itself once the server has closed the old connection after its answer.
            #expect(pclose(pipe) == 0)
        }
    }

    @Test("TLS 1.2 and 1.3 are spoken, older versions are not")
    func versions() async throws {
        try await withServer(certificate: Self.certificate("first"), plan: { _ in .respond(.text("hi")) }) {
            server, _ in
            #expect(
                try Self.run("openssl s_client -tls1_3 -connect \(server.address) </dev/null").contains("AES_128_GCM"))
            #expect(try Self.run("openssl s_client -tls1_2 -connect \(server.address) </dev/null").contains("TLSv1.2"))
            #expect(throws: RawClient.Failed.self) {
                try Self.run("openssl s_client -tls1_1 -cipher ALL:@SECLEVEL=0 -connect \(server.address) </dev/null")
            }
            // Plain HTTP at a TLS port gets nothing and does not hurt.
            let plain = try RawClient(server.address)
            try plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try plain.skipToEnd()
            #expect(try Self.run("curl -sk https://\(server.address)/") == "hi")
        }
    }

    @Test("A handshake that never comes is cut")
    func slowHandshake() async throws {
        try await withServer(
            certificate: Self.certificate("first"), limits: { $0.headerTimeout = .milliseconds(100) },
            plan: { _ in .respond(.text("hi")) }
        ) { server, _ in
            let client = try RawClient(server.address)
            try client.send("\u{16}\u{3}\u{1}")
            try client.skipToEnd()
            #expect(server.statistics.activeRequests == 0)
        }
    }

    @Test("Unusable certificates are errors, and the old one stays")
    func badCertificates() async throws {
        let good = try Self.certificate("good")
        let other = try Self.certificate("other")
        let bad = [
            ServerCertificate(chainPEM: [], keyPEM: good.keyPEM),
            ServerCertificate(chainPEM: good.chainPEM, keyPEM: []),
            ServerCertificate(chainPEM: good.keyPEM, keyPEM: good.keyPEM),
            ServerCertificate(chainPEM: Array("junk".utf8), keyPEM: Array("junk".utf8)),
            ServerCertificate(chainPEM: good.chainPEM, keyPEM: other.keyPEM),
        ]
        for certificate in bad {
            var configuration = ServerConfiguration(listen: .tcp(host: "127.0.0.1", port: 0))
            configuration.certificate = certificate
            #expect(throws: HTTPServerError.self) {
                try Server(
                    configuration, handler: TestHandler { _ in .respond(.text("hi")) },
                    executor: ThreadPool(name: "work", threads: 1))
            }
        }
        try await withServer(certificate: good, plan: { _ in .respond(.text("hi")) }) { server, _ in
            for certificate in bad {
                #expect(throws: HTTPServerError.self) { try server.replaceCertificate(certificate) }
            }
            let name = try Self.presented(server.address)
            #expect(name.contains("good"))
        }
    }

    @Test("A server without TLS takes no certificate")
    func plainServer() async throws {
        let certificate = try Self.certificate("first")
        try await withServer(plan: { _ in .respond(.text("hi")) }) { server, _ in
            #expect(throws: HTTPServerError.self) { try server.replaceCertificate(certificate) }
            let text = try RawClient(server.address).get("/").text
            #expect(text == "hi")
        }
    }
}
