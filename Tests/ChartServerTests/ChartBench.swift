import ChartInspection
import ChartServer
import Content
import FrontDoor
import HTTPMessage
import OCIModel
import RepositoryIndexing
import ServerSupport
import Telemetry
import TestSupport

/// The charts' face over a store in memory, behind a door, without sockets.
struct ChartBench {
    let store = MemoryStore()
    let door: FrontDoor
    let scratch: ScratchDirectory
    let log = LogCollector()

    init(
        _ authenticator: any Authenticator = AnonymousAccess(.readWrite),
        _ change: (inout ChartFaceOptions) -> Void = { _ in }, cache: (any UpstreamReads)? = nil
    ) throws {
        scratch = try ScratchDirectory()
        var options = ChartFaceOptions()
        change(&options)
        let log = log
        let indexes = try IndexService(reads: store, directory: scratch.path + "/indexes")
        door = FrontDoor(
            [
                try ChartFace(
                    store, indexes: indexes, inspector: ChartInspector(MemoryRegistry()), options, cache: cache)
            ], authenticator: authenticator, options: DoorOptions(),
            metrics: MetricsRegistry(), logger: Logger { log.add($0) })
    }

    @discardableResult
    func send(
        _ method: HTTPMethod, _ target: String, _ headers: [(name: String, value: String)] = [],
        _ body: FakeBody? = nil
    ) async -> Answer {
        await door.send(method, target, headers, body)
    }

    @discardableResult
    func get(_ target: String, _ headers: [(name: String, value: String)] = []) async -> Answer {
        await send(.get, target, headers)
    }

    /// Posts an archive as `curl --data-binary` does.
    @discardableResult
    func post(_ archive: String, _ target: String = "/api/charts") async -> Answer {
        await send(
            .post, target, [("Content-Type", "application/x-www-form-urlencoded")], .text(archive))
    }

    /// Posts a form as `helm cm-push` and `curl -F` do.
    @discardableResult
    func post(
        form fields: [(name: String, data: String)], _ target: String = "/api/charts",
        pieceBytes: Int = 256 << 10
    ) async -> Answer {
        var body = ""
        for (name, data) in fields {
            body +=
                "--b0undary\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"file\"\r\n"
            body += "Content-Type: application/octet-stream\r\n\r\n\(data)\r\n"
        }
        body += "--b0undary--\r\n"
        return await send(
            .post, target, [("Content-Type", "multipart/form-data; boundary=b0undary")],
            FakeBody(bytes: Array(body.utf8), pieceBytes: pieceBytes))
    }
}

extension Answer {
    /// The text of ChartMuseum's error body.
    var failure: String? { json?["error"]?.string }
}
