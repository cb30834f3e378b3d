import HTTPClient
import HTTPMessage
import Posix
import TestSupport
import Testing

/// An nginx on loopback with TLS, HTTP/2 and a certificate of its own authority.
private struct Nginx {
    let process: ServerProcess
    let scratch: ScratchDirectory
    let port: UInt16

    static let isInstalled = ServerProcess.exists("nginx") && ServerProcess.exists("openssl")

    init() async throws {
        scratch = try ScratchDirectory()
        port = try freePort()
        let directory = scratch.path
        let outcome = try await ProcessRunner().run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=chartroom test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", directory + "/key.pem",
                "-out", directory + "/cert.pem",
            ])
        try #require(outcome.status == 0)
        let configuration = try scratch.write(
            "nginx.conf",
            """
            daemon off; master_process off; pid \(directory)/pid; error_log stderr notice; worker_rlimit_nofile 512;
            events { worker_connections 256; }
            http {
              access_log off; client_body_temp_path \(directory)/b; proxy_temp_path \(directory)/p;
              fastcgi_temp_path \(directory)/f; uwsgi_temp_path \(directory)/u; scgi_temp_path \(directory)/s;
              keepalive_requests 100000;
              server {
                listen 127.0.0.1:\(port) ssl http2;
                ssl_certificate \(directory)/cert.pem; ssl_certificate_key \(directory)/key.pem;
                ssl_client_certificate \(directory)/cert.pem; ssl_verify_client optional;
                location /who { return 200 "$server_protocol $connection $ssl_client_s_dn"; }
                location / { root \(directory); }
              }
            }
            """)
        process = try ServerProcess("nginx", ["-c", configuration, "-p", directory])
        _ = await process.line(containing: "epoll") ?? process.output
    }

    func request(_ target: String) throws -> HTTPClientRequest {
        HTTPClientRequest(.get, try HTTPURL(parsing: "https://127.0.0.1:\(port)\(target)"))
    }
}

@Suite(.enabled(if: Nginx.isInstalled)) struct TLSTests {
    private func trusting(_ nginx: Nginx) throws -> HTTPClient {
        try makeClient { $0.tls.additionalAuthorities = nginx.scratch.path + "/cert.pem" }
    }

    @Test("A certificate nobody vouches for is refused")
    func untrusted() async throws {
        let nginx = try await Nginx()
        let client = try makeClient()
        let error = await failure { _ = try await client.send(nginx.request("/who")) }
        guard case .tlsFailed(let message) = error else {
            Issue.record("\(String(describing: error)) \(nginx.process.output)")
            return
        }
        #expect(message.contains("127.0.0.1:\(nginx.port)"))
    }

    @Test("An additional authority is trusted, and HTTP/2 is spoken over one connection")
    func multiplexed() async throws {
        let nginx = try await Nginx()
        let client = try trusting(nginx)
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    let response = try await client.send(nginx.request("/who"))
                    #expect(response.firstAddress == .thisMachine)
                    return String(decoding: try await response.collect(maximumBytes: 100), as: UTF8.self)
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(answers.count == 1)
        #expect(answers.first?.hasPrefix("HTTP/2.0 ") == true)
    }

    @Test("Without verification the certificate does not matter")
    func unverified() async throws {
        let nginx = try await Nginx()
        let client = try makeClient { $0.tls.verification = .none }
        #expect(try await client.send(nginx.request("/who")).status == .ok)
    }

    @Test("A client certificate is shown")
    func clientCertificate() async throws {
        let nginx = try await Nginx()
        let client = try makeClient {
            $0.tls.additionalAuthorities = nginx.scratch.path + "/cert.pem"
            $0.tls.certificate = nginx.scratch.path + "/cert.pem"
            $0.tls.privateKey = nginx.scratch.path + "/key.pem"
        }
        let body = try await client.send(nginx.request("/who")).collect(maximumBytes: 100)
        #expect(String(decoding: body, as: UTF8.self).hasSuffix("CN=chartroom test"))
    }

    @Test("A certificate file that is not there is a TLS failure")
    func missingFile() async throws {
        let nginx = try await Nginx()
        let client = try makeClient { $0.tls.additionalAuthorities = "/nonexistent/ca.pem" }
        let error = await failure { _ = try await client.send(nginx.request("/who")) }
        guard case .tlsFailed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("Over HTTP/2 a slow reader holds the sender back and other streams go on")
    func backPressure() async throws {
        let nginx = try await Nginx()
        try nginx.scratch.write("big", String(repeating: "0123456789abcdef", count: 1 << 20), mode: 0o644)
        let client = try trusting(nginx)
        let response = try await client.send(nginx.request("/big"))
        #expect(response.status == .ok)
        for _ in 0..<20 { #expect(try await client.send(nginx.request("/who")).status == .ok) }
        var count = 0
        while let piece = try await response.next() {
            #expect(piece.count <= 262_144)
            count += piece.count
        }
        #expect(count == 16 << 20)
    }
}
