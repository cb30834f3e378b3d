import BenchmarkSupport
import Glibc

/// The access log of a server, read for what came since a moment.
final class AccessLog {
    private let path: String
    private let kind: Server.Kind
    private var offset = 0

    init(path: String, kind: Server.Kind) {
        (self.path, self.kind) = (path, kind)
    }

    /// Begins anew behind what is there.
    func reset() throws(BenchmarkFailure) {
        offset = try settled().count
    }

    /// The requests since the last `reset`.
    func requests() throws(BenchmarkFailure) -> Requests {
        var requests = Requests()
        for line in try settled().dropFirst(offset).split(separator: 10) {
            let line = String(decoding: line, as: UTF8.self)
            guard let (kind, sent) = kind == .chartroom ? AccessLog.own(line) : AccessLog.common(line) else { continue }
            requests.add(kind, sent: sent)
        }
        return requests
    }

    /// The file, once it does not grow any more: servers write behind their answers.
    private func settled() throws(BenchmarkFailure) -> [UInt8] {
        var content = try readFile(path)
        while true {
            _ = poll(nil, 0, 60)
            let next = try readFile(path)
            if next.count == content.count { return next }
            content = next
        }
    }

    private typealias Entry = (kind: String, sent: Int)

    /// `… "GET /v2/a/manifests/1 HTTP/1.1" 200 1234 …`, as docker-registry and nginx write it.
    private static func common(_ line: String) -> Entry? {
        let pieces = line.split(separator: "\"", omittingEmptySubsequences: false)
        guard pieces.count > 2, pieces[1].hasSuffix(" HTTP/1.1") else { return nil }
        let words = pieces[1].split(separator: " ")
        let status = pieces[2].split(separator: " ")
        guard words.count == 3, status.count > 1 else { return nil }
        let isHead = words[0] == "HEAD"
        return ("\(words[0]) \(object(words[1]))", isHead ? 0 : Int(status[1]) ?? 0)
    }

    /// `… info    request … method=GET route=manifest … sent=1234 …`, as Chartroom writes it.
    private static func own(_ line: String) -> Entry? {
        let words = line.split(separator: " ")
        guard words.contains("request") else { return nil }
        func field(_ name: String) -> Substring? {
            words.first { $0.hasPrefix(name + "=") }?.dropFirst(name.count + 1)
        }
        guard let method = field("method"), let route = field("route") else { return nil }
        return ("\(method) \(route)", method == "HEAD" ? 0 : field("sent").flatMap { Int($0) } ?? 0)
    }

    private static func object(_ target: Substring) -> Substring {
        let path = target.prefix { $0 != "?" }.split(separator: "/")
        for part in ["uploads", "manifests", "blobs", "tags", "referrers"]
        where path.dropFirst().contains(Substring(part)) {
            return Substring(part)
        }
        guard let last = path.last else { return "/" }
        if last.hasSuffix(".prov") { return "provenances" }
        return last.hasSuffix(".tgz") ? "archives" : last
    }
}
