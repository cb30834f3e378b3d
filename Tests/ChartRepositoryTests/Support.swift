import ChartRepository
import Content
import Glibc
import HTTPClient
import HelmModel
import OCIModel
import RemoteRegistry
import Synchronization
import TestSupport

/// Pauses that take no time and are remembered.
final class NoTime: Sendable {
    private let slept = Mutex<[Duration]>([])

    var pauses: [Duration] { slept.withLock { $0 } }

    var timing: RetryTiming {
        RetryTiming(
            wallSeconds: { 1_800_000_000 }, now: { .now }, sleep: { pause in self.slept.withLock { $0.append(pause) } },
            random: { 1 })
    }
}

/// A client of a repository; `change` sets its options.
func repository(
    _ url: String, _ credential: Credential? = nil, hosts: AllowedHosts = .own, time: NoTime = NoTime(),
    toAll: Bool = false, _ change: (inout ChartRepositoryClient.Options) -> Void = { _ in }
) throws -> ChartRepositoryClient {
    var source = try ChartRepositorySource(parsing: url, credential: credential)
    source.allowedHosts = hosts
    source.passesCredentialsToAll = toAll
    var options = ChartRepositoryClient.Options()
    options.timing = time.timing
    change(&options)
    var configuration = HTTPClientConfiguration()
    configuration.proxy = .none
    configuration.userAgent = "chartroom/test"
    return try ChartRepositoryClient(source, configuration: configuration, options)
}

extension RepositoryIndexEntry {
    /// Version 1.0.0 of the chart `room`.
    static func room(_ urls: [String] = ["charts/room-1.0.0.tgz"], digest: String? = nil) throws -> Self {
        let quoted = urls.map { JSONValue.string($0).description() }.joined(separator: ",")
        let last = digest.map { #","digest":"\#($0)""# } ?? ""
        let text = #"{"name":"room","version":"1.0.0","urls":[\#(quoted)]\#(last)}"#
        return try RepositoryIndexEntry(tree: try JSONValue(parsing: Array(text.utf8)))
    }

    static func room(_ urls: [String] = ["charts/room-1.0.0.tgz"], of archive: [UInt8]) throws -> Self {
        try room(urls, digest: Digest(of: archive).hex)
    }
}

/// What came of fetching an archive: the answer or the error, and what was handed on.
struct Fetch {
    var answer: ArchiveAnswer?
    var error: ContentError?
    var bytes: [UInt8] = []
}

extension ChartRepositoryClient {
    func fetch(_ entry: RepositoryIndexEntry) async -> Fetch {
        var result = Fetch()
        do throws(ContentError) {
            result.answer = try await archive(of: entry) { piece in result.bytes += piece }
        } catch {
            result.error = error
        }
        return result
    }
}

/// The error a piece of work ends with.
func failure(_ work: () async throws -> Void) async -> ContentError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? ContentError
    }
}

/// A few bytes that begin like an archive.
func archive(_ count: Int = 1000) -> [UInt8] {
    [0x1F, 0x8B] + (2..<max(count, 3)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
}

let smallIndex = """
    apiVersion: v1
    generated: "2024-01-01T00:00:00Z"
    entries:
      room:
      - name: room
        version: 1.0.0
        urls: [charts/room-1.0.0.tgz]
    """

enum Folder {
    static let fixtures = String(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }) + "/fixtures"
    static let published = getenv("CHARTROOM_TEST_CHARTS").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
}
