import HTTPClient
import HTTPMessage
import Posix
import TestSupport
import Testing

/// A folder, and servers over it.
struct Fixture: ~Copyable {
    let folder: ScratchDirectory
    var data: String { folder.path + "/data" }

    init() throws {
        folder = try ScratchDirectory()
    }

    func path(_ name: String) -> String { folder.path + "/" + name }

    /// Starts a server and waits until it listens.
    func start(_ options: [String] = []) async throws -> RunningServer {
        let server = try RunningServer(data: data, options)
        _ = try await server.url()
        return server
    }

    /// Starts a server with TLS under a private authority, and users who may do everything.
    func startSecured(_ options: [String] = []) async throws -> RunningServer {
        try await makeCertificates()
        try await makeUsers()
        return try await start(
            [
                "--tls-certificate", path("server.pem"), "--tls-key", path("server.key"), "--access-users",
                path("users"),
            ] + options)
    }

    /// The authority of `makeCertificates`.
    var authority: String { path("ca.pem") }

    /// A private authority and a certificate of it for 127.0.0.1 and localhost.
    func makeCertificates() async throws {
        try folder.write("server.cnf", "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n")
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try await succeed(
            "openssl",
            ["req", "-x509", "-days", "2", "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem"]
                + curve, in: folder.path)
        try await makeServerCertificate(serial: 1)
    }

    /// A certificate in place of the one before.
    func makeServerCertificate(serial: Int) async throws {
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try await succeed(
            "openssl",
            ["req", "-subj", "/CN=localhost", "-keyout", "new.key", "-out", "new.csr"] + curve, in: folder.path)
        try await succeed(
            "openssl",
            [
                "x509", "-req", "-days", "1", "-in", "new.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial",
                "\(serial)", "-extfile", "server.cnf", "-out", "new.pem",
            ], in: folder.path)
        try await succeed("mv", ["new.key", "server.key"], in: folder.path)
        try await succeed("mv", ["new.pem", "server.pem"], in: folder.path)
    }

    /// The user alice with the password `opensesame`, who may do everything unless lists say otherwise.
    func makeUsers() async throws {
        try await succeed("htpasswd", ["-Bbc", "-C", "5", path("users"), "alice", "opensesame"])
        try await succeed("htpasswd", ["-Bb", "-C", "5", path("users"), "bert", "readonly"])
    }

    /// Runs `chartroom` itself as a client.
    func chartroom(_ arguments: [String], in place: String? = nil, input: String = "") async throws -> Ended {
        try await run(
            Workshop.chartroom, arguments, environment: ["HOME": folder.path], in: place ?? folder.path, input: input)
    }
}

/// One HTTP client of a test.
struct Web: Sendable {
    let client: HTTPClient
    let base: String

    init(_ base: String, authority: String? = nil) throws {
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        configuration.tls.additionalAuthorities = authority
        client = try HTTPClient(configuration)
        self.base = base
    }

    /// Sends a request; status, header and whole body.
    func send(
        _ method: HTTPMethod, _ target: String, body: [UInt8]? = nil, _ fields: [(name: String, value: String)] = []
    ) async throws -> (status: Int, headers: HeaderFields, body: [UInt8]) {
        var request = HTTPClientRequest(
            method, try HTTPURL(parsing: base).resolving(target), headers: HeaderFields(fields), body: body)
        request.redirects = .none
        let response = try await client.send(request)
        return (response.status.rawValue, response.headers, try await response.collect(maximumBytes: 256 << 20))
    }
}
