extension Server.Launch {
    /// Writes the configuration and gives the words that start the server.
    func command(port: UInt16) throws(BenchmarkFailure) -> [String] {
        switch kind {
        case .chartroom: try chartroomCommand(port)
        case .dockerRegistry: try dockerRegistryCommand(port)
        case .nginx: try nginxCommand(port)
        }
    }

    /// Where nginx takes the answer to a target from; the target itself is the path below it.
    package static func staticRoot(_ directory: String) -> String { directory + "/static" }

    private func chartroomCommand(_ port: UInt16) throws(BenchmarkFailure) -> [String] {
        let tls = certificate.map { "tls: {certificate: \"\($0.chain)\", key: \"\($0.key)\"}\n" } ?? ""
        let file = "\(directory)/config.yaml"
        try writeText(file, "log: {access: \(logsAccess)}\n" + tls + settings)
        return [chartroom, "serve", "--listen", "127.0.0.1:\(port)", "--data", "\(directory)/data", "--config", file]
    }

    /// As Debian configures it, but for the log, the users and the address.
    private func dockerRegistryCommand(_ port: UInt16) throws(BenchmarkFailure) -> [String] {
        let tls =
            certificate.map { "  tls: {certificate: \"\($0.chain)\", key: \"\($0.key)\", minimumtls: tls1.3}\n" } ?? ""
        let file = "\(directory)/config.yml"
        try writeText(
            file,
            """
            version: 0.1
            log: {level: error, accesslog: {disabled: \(!logsAccess)}}
            storage:
              cache: {blobdescriptor: inmemory}
              filesystem: {rootdirectory: "\(directory)/data"}
              delete: {enabled: true}
            http:
              addr: 127.0.0.1:\(port)
              headers: {X-Content-Type-Options: [nosniff]}
            \(tls)health:
              storagedriver: {enabled: true, interval: 10s, threshold: 3}
            \(settings)

            """)
        return ["docker-registry", "serve", file]
    }

    private func nginxCommand(_ port: UInt16) throws(BenchmarkFailure) -> [String] {
        try makeDirectory(Server.Launch.staticRoot(directory))
        let tls = certificate.map {
            "ssl_certificate \($0.chain); ssl_certificate_key \($0.key); ssl_protocols TLSv1.3;"
        }
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(directory)/\($0);"
        }
        let file = "\(directory)/nginx.conf"
        try writeText(
            file,
            """
            daemon off;
            \(isRoot ? "user root;" : "")
            worker_processes auto;
            pid \(directory)/nginx.pid;
            error_log \(directory)/error.log error;
            events { worker_connections 4096; }
            http {
              \(temporary.joined(separator: "\n  "))
              access_log \(logsAccess ? accessLog : "off");
              sendfile on;
              tcp_nopush on;
              keepalive_timeout 3600;
              keepalive_requests 1000000000;
              default_type application/octet-stream;
              server {
                listen 127.0.0.1:\(port)\(tls == nil ? "" : " ssl");
                \(tls ?? "")
                root \(Server.Launch.staticRoot(directory));
                location = /v2/ { return 200; }
                \(nginxLines.joined(separator: "\n    "))
              }
            }

            """)
        return ["nginx", "-p", directory, "-c", file]
    }
}
