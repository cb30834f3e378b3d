import Content
import HTTPClient
import HTTPMessage
import OCIModel
import Posix
import Synchronization
import TestSupport
import Testing

/// A registry with charts below `team`, and a classic repository of the same at `/charts`: right in everything, unless a
/// fault says otherwise.
final class FaultyUpstream: Sendable {
    /// The reply to a request; nil for the right one.
    typealias Fault = @Sendable (ScriptedRequest) -> ScriptedReply?

    private final class Rule: Sendable {
        let fault = Mutex<Fault?>(nil)
    }

    let server: ScriptedServer
    private let rule: Rule

    init(_ charts: [PackedChart]) throws {
        let rule = Rule()
        self.rule = rule
        server = try ScriptedServer { request in
            rule.fault.withLock { $0 }?(request) ?? FaultyUpstream.answer(request, charts)
        }
    }

    /// From now on.
    func fail(_ fault: Fault?) { rule.fault.withLock { $0 = fault } }

    /// Requests that begin so.
    func count(_ line: String) -> Int { server.lines.count { $0.hasPrefix(line) } }

    /// What a configuration file says of it, as `far` and `stable`; more keys hold for both.
    func configuration(_ more: String = "deadline: 2s, negative: 1ms", host: String = "127.0.0.1") -> String {
        """
        upstreams:
          - {prefix: far, url: 'oci+http://\(host):\(server.port)/team', credentials: none, \(more)}
          - {prefix: stable, url: 'http://\(host):\(server.port)/charts', credentials: none, \(more)}

        """
    }

    // MARK: Right answers

    private static func answer(_ request: ScriptedRequest, _ charts: [PackedChart]) -> ScriptedReply {
        let parts = request.path.split(separator: "/").map(String.init)
        let isHead = request.method == "HEAD"
        if request.path == "/v2/" {
            return ScriptedReply(200, [("Docker-Distribution-Api-Version", "registry/2.0")], text: "{}")
        }
        if parts.count == 2, parts[0] == "charts" { return file(parts[1], charts) }
        guard parts.count >= 5, parts[0] == "v2", parts[1] == "team" else { return ScriptedReply(404) }
        let named = charts.filter { $0.name == parts[2] }
        switch parts[3] {
        case "manifests":
            guard let chart = named.first(where: { [$0.version, $0.manifest.digest.description].contains(parts[4]) })
            else { return unknown("MANIFEST_UNKNOWN") }
            let fields = [
                ("Content-Type", chart.manifest.mediaType.description),
                ("Docker-Content-Digest", chart.manifest.digest.description),
            ]
            return ScriptedReply(200, fields, body: chart.manifest.bytes, isHead: isHead)
        case "blobs":
            guard let digest = try? Digest(parsing: parts[4]),
                let bytes = named.lazy.compactMap({ $0.blob(digest) }).first
            else { return unknown("BLOB_UNKNOWN") }
            return blob(bytes, request)
        case "tags":
            let tags = named.map { "\"\($0.version)\"" }.sorted().joined(separator: ",")
            return ScriptedReply(
                200, [("Content-Type", "application/json")], text: #"{"name":"x","tags":[\#(tags)]}"#)
        default: return ScriptedReply(404)
        }
    }

    private static func unknown(_ code: String) -> ScriptedReply {
        ScriptedReply(
            404, [("Content-Type", "application/json")], text: #"{"errors":[{"code":"\#(code)","message":"none"}]}"#)
    }

    /// A blob, or its end behind a position.
    static func blob(_ bytes: [UInt8], _ request: ScriptedRequest) -> ScriptedReply {
        let start = request.header("Range").flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
        let isHead = request.method == "HEAD"
        guard start > 0 else { return ScriptedReply(200, body: bytes, isHead: isHead) }
        let range = "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"
        return ScriptedReply(206, [("Content-Range", range)], body: Array(bytes[start...]), isHead: isHead)
    }

    private static func file(_ name: String, _ charts: [PackedChart]) -> ScriptedReply {
        guard name != "index.yaml" else {
            return ScriptedReply(200, [("Content-Type", "text/yaml")], text: index(charts))
        }
        guard let chart = charts.first(where: { "\($0.name)-\($0.version).tgz" == name }) else {
            return ScriptedReply(404)
        }
        return ScriptedReply(200, [("Content-Type", "application/gzip")], body: chart.archive)
    }

    /// The index of charts, as Helm writes it.
    static func index(_ charts: [PackedChart]) -> String {
        var text = "apiVersion: v1\nentries:\n"
        for (name, versions) in Dictionary(grouping: charts, by: \.name).sorted(by: { $0.key < $1.key }) {
            text += "  \(name):\n"
            for chart in versions {
                text += """
                      - apiVersion: v2
                        name: \(name)
                        version: \(chart.version)
                        digest: \(Digest(of: chart.archive).hex)
                        created: "2024-01-02T03:04:05Z"
                        urls: [\(name)-\(chart.version).tgz]

                    """
            }
        }
        return text + "generated: \"2024-01-02T03:04:05Z\"\n"
    }
}

/// Counts what many tasks do.
final class Tally: Sendable {
    private let count = Mutex(0)

    /// One more: how many there are now.
    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// What came of a request, also when its body was cut.
struct Pulled: CustomStringConvertible {
    var status: Int
    var headers: HeaderFields
    var body: [UInt8]
    var isCut: Bool

    var isWhole: Bool { (200..<300).contains(status) && !isCut }
    var text: String { String(decoding: body, as: UTF8.self) }
    var warnings: String { headers.values("Warning").joined(separator: " | ") }
    var description: String {
        "\(status), \(body.count) bytes\(isCut ? ", cut" : ""), warnings: \(warnings)\(status >= 400 ? ", " + text : "")"
    }
}

extension Web {
    /// One with so many connections at a time.
    init(_ base: String, connections: Int) throws {
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        configuration.maximumConnectionsPerHost = connections
        configuration.maximumIdleConnections = connections
        client = try HTTPClient(configuration)
        self.base = base
    }

    /// Begins to pull; the body is still to be read.
    func open(
        _ target: String, _ fields: [(name: String, value: String)] = [], method: HTTPMethod = .get
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(
            method, try HTTPURL(parsing: base).resolving(target), headers: HeaderFields(fields))
        request.redirects = .none
        return try await client.send(request)
    }

    /// Pulls, and says whether the body was cut.
    func pull(
        _ target: String, _ fields: [(name: String, value: String)] = [], method: HTTPMethod = .get
    ) async throws -> Pulled {
        let response = try await open(target, fields, method: method)
        var pulled = Pulled(status: response.status.rawValue, headers: response.headers, body: [], isCut: false)
        do {
            while let piece = try await response.next() { pulled.body += piece }
        } catch {
            pulled.isCut = true
        }
        return pulled
    }

    /// Pulls again and again until it is right: an upstream that failed is left alone for a second or two.
    func pullAtLast(_ target: String) async throws -> Pulled {
        for _ in 0..<200 {
            let pulled = try await pull(target)
            if pulled.isWhole { return pulled }
            await offPool { Condition(()).wait(timeout: .milliseconds(50)) { _, isLate in isLate ? () : nil } }
        }
        return try await pull(target)
    }
}

extension Fixture {
    /// A server in front of an upstream.
    func start(caching configuration: String) async throws -> RunningServer {
        try await start(["--config", try folder.write("chartroom.yaml", configuration)])
    }

    /// The files that were set aside.
    func quarantined() -> [String] { (try? files(in: data + "/quarantine", ending: "")) ?? [] }
}

extension RunningServer {
    /// The most memory it has had at once, in bytes.
    func mostMemory() throws -> Int {
        let text = String(decoding: try contents(of: "/proc/\(number)/status"), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return (Int(line.split(separator: " ").dropLast().last ?? "") ?? 0) << 10
    }
}
