import HTTPMessage
import Posix
import TestSupport
import Testing

/// Debian's docker-registry as an upstream, with a directory of its own.
struct UpstreamRegistryPeer {
    /// Who may enter.
    enum Access {
        case anyone
        /// Alice, by Basic.
        case password
        /// Alice, by a token of a server of its own.
        case token
    }

    let process: ServerProcess
    let tokens: ServerProcess?
    let scratch: ScratchDirectory
    let address: String

    /// Starts it; over the data and at the port of an earlier one if these are given.
    init(
        _ access: Access = .anyone, over scratch: ScratchDirectory? = nil, at port: String = "0"
    ) async throws {
        let scratch = try scratch ?? ScratchDirectory()
        self.scratch = scratch
        var settings = ""
        var tokens: ServerProcess?
        switch access {
        case .anyone: break
        case .password:
            try await succeed("htpasswd", ["-Bbc", "-C", "4", scratch.path + "/users", "alice", "opensesame"])
            settings = "auth: { htpasswd: { realm: peer, path: \(scratch.path)/users } }"
        case .token:
            let server = try ServerProcess(
                Workshop.python, [Workshop.driver("token_server.py"), scratch.path, "alice", "opensesame"])
            let line = try #require(await server.line(containing: "port "), "\(server.output)")
            let realm = "http://127.0.0.1:\(line.dropFirst(5))/token"
            settings =
                "auth: { token: { realm: \"\(realm)\", service: peer, issuer: tokens, "
                + "rootcertbundle: \(scratch.path)/token.pem } }"
            tokens = server
        }
        self.tokens = tokens
        let configuration = try scratch.write(
            "registry.yml",
            """
            version: 0.1
            log: { level: info, formatter: text, accesslog: { disabled: false } }
            storage: { filesystem: { rootdirectory: \(scratch.path)/data }, delete: { enabled: true } }
            http: { addr: "127.0.0.1:\(port)", secret: peer }
            \(settings)
            """)
        process = try ServerProcess(
            "docker-registry", ["serve", configuration], environment: ["OTEL_TRACES_EXPORTER": "none"])
        let line = try #require(await process.line(containing: "listening on 127.0.0.1:"), "\(process.output)")
        let port = try #require(line.split(separator: "127.0.0.1:").last?.prefix { $0.isNumber })
        address = "127.0.0.1:\(port)"
    }

    /// How often it was asked for something, by its access log.
    func requests(_ text: String) -> Int {
        process.output.split(separator: "\n").count { $0.contains("\"") && $0.contains(text) }
    }
}

/// Debian's nginx with a folder of archives and an index.
struct NginxPeer {
    let process: ServerProcess
    let scratch: ScratchDirectory
    let address: String

    init(root: String) async throws {
        scratch = try ScratchDirectory()
        let port = try freePort()
        let configuration = try scratch.write(
            "nginx.conf",
            """
            daemon off; master_process off; pid \(scratch.path)/pid; error_log stderr notice;
            events { worker_connections 256; }
            http {
                access_log \(scratch.path)/access.log;
                client_body_temp_path \(scratch.path)/a; proxy_temp_path \(scratch.path)/b;
                fastcgi_temp_path \(scratch.path)/c; uwsgi_temp_path \(scratch.path)/d; scgi_temp_path \(scratch.path)/e;
                server { listen 127.0.0.1:\(port); root \(root); }
            }
            """)
        process = try ServerProcess("nginx", ["-e", "stderr", "-c", configuration])
        address = "127.0.0.1:\(port)"
        let web = try Web("http://\(address)")
        // It says nothing when it listens.
        for _ in 0..<200 {
            if (try? await web.send(.get, "/")) != nil { return }
            await offPool { Condition(()).wait(timeout: .milliseconds(20)) { _, isLate in isLate ? () : nil } }
        }
        try #require(Bool(false), "nginx does not answer: \(process.output)")
    }

    /// The requests it has answered.
    func log() throws -> [String] {
        String(decoding: try contents(of: scratch.path + "/access.log"), as: UTF8.self).split(separator: "\n").map(
            String.init)
    }
}

/// Makes a folder as nginx serves it: archives of `fixtures/charts`, and an index that a Chartroom made of them.
@discardableResult
func makeChartRepository(at root: String, _ archives: [String]) async throws -> String {
    try await succeed("mkdir", ["-p", root + "/charts"])
    let maker = try Fixture()
    let server = try await maker.start()
    let web = try Web(try await server.url())
    for name in archives {
        let archive = try contents(of: Workshop.charts + "/" + name)
        #expect(try await web.upload(archive, to: "team", asForm: false).status == 201)
        try await succeed("cp", [Workshop.charts + "/" + name, root + "/charts/"])
    }
    let index = try await web.send(.get, "/charts/team/index.yaml")
    let file = try maker.folder.write("index.yaml", String(decoding: index.body, as: UTF8.self))
    try await succeed("cp", [file, root + "/"])
    #expect(await server.stop() == 0)
    return root
}
