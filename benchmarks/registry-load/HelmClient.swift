package import BenchmarkSupport
import Glibc

/// One client that pushes and pulls as Helm 4 does, over two keep-alive connections.
///
/// What it sends, and on which connection, was recorded from the real client; the order inside the two connections
/// varies there, too.
package final class HelmClient {
    private let first: Connection
    private let second: Connection

    package init(port: UInt16) throws(BenchmarkFailure) {
        first = try Connection(port: port)
        second = try Connection(port: port)
    }

    /// Pushes a chart: ten requests when nothing of it is there, three when all of it is.
    package func push(_ chart: Chart) throws(BenchmarkFailure) {
        let (repository, byDigest) = (chart.repository, chart.manifestDigest)
        let known = try first.exchange(.manifest("HEAD", repository, byDigest), expecting: 200, 404)
        guard known.status == 404 else {
            try first.exchange(.manifest("GET", repository, byDigest), expecting: 200)
            try first.exchange(.putManifest(repository, chart.tag, chart.manifest), expecting: 201)
            return
        }
        var lanes = [
            BlobLane(repository, chart.layerDigest, chart.layer),
            BlobLane(repository, chart.configDigest, [chart.config]),
        ]
        try runLanes(&lanes)
        try second.exchange(.putManifest(repository, byDigest, chart.manifest), expecting: 201)
        try second.exchange(.manifest("GET", repository, byDigest), expecting: 200)
        try second.exchange(.putManifest(repository, chart.tag, chart.manifest), expecting: 201)
    }

    /// Pulls a chart over one connection: manifest, config, archive.
    package func pull(_ chart: Chart) throws(BenchmarkFailure) {
        try first.exchange(.manifest("GET", chart.repository, chart.tag), expecting: 200)
        try first.exchange(.blob("GET", chart.repository, chart.configDigest), expecting: 200)
        try first.exchange(.blob("GET", chart.repository, chart.layerDigest), expecting: 200)
    }

    /// Pulls a chart over two connections: the manifest, then config and archive at once.
    package func pullAtOnce(_ chart: Chart) throws(BenchmarkFailure) {
        try first.exchange(.manifest("GET", chart.repository, chart.tag), expecting: 200)
        let config = HTTPRequest.blob("GET", chart.repository, chart.configDigest)
        let archive = HTTPRequest.blob("GET", chart.repository, chart.layerDigest)
        try first.send(config)
        try second.send(archive)
        try first.receive(config).expect([200], for: config)
        try second.receive(archive).expect([200], for: archive)
    }

    /// Uploads both blobs at once, each over its own connection.
    private func runLanes(_ lanes: inout [BlobLane]) throws(BenchmarkFailure) {
        let connections = [first, second]
        for number in lanes.indices { try lanes[number].begin(connections[number]) }
        while lanes.contains(where: { $0.request != nil }) {
            var polled = lanes.indices.map { number in
                pollfd(
                    fd: lanes[number].request == nil ? -1 : connections[number].descriptor, events: Int16(POLLIN),
                    revents: 0)
            }
            guard poll(&polled, nfds_t(polled.count), 60_000) > 0 else {
                throw BenchmarkFailure("no answer for 60 seconds")
            }
            for number in lanes.indices where polled[number].revents != 0 {
                try lanes[number].advance(connections[number])
            }
        }
    }
}

/// One blob on its way: HEAD, and when it is not there POST and PUT.
private struct BlobLane {
    private let repository: String
    private let digest: String
    private let body: [[UInt8]]
    /// The request in the air; nil when the blob is there.
    private(set) var request: HTTPRequest?

    init(_ repository: String, _ digest: String, _ body: [[UInt8]]) {
        (self.repository, self.digest, self.body) = (repository, digest, body)
    }

    mutating func begin(_ connection: Connection) throws(BenchmarkFailure) {
        try send(.blob("HEAD", repository, digest), connection)
    }

    mutating func advance(_ connection: Connection) throws(BenchmarkFailure) {
        guard let current = request else { return }
        let head = try connection.receive(current)
        request = nil
        switch current.method {
        case "HEAD":
            try head.expect([200, 404], for: current)
            if head.status == 404 { try send(.beginUpload(repository), connection) }
        case "POST":
            try head.expect([202], for: current)
            try send(.putBlob(location: head.locationPath, digest: digest, body: body), connection)
        default:
            try head.expect([201], for: current)
        }
    }

    private mutating func send(_ next: HTTPRequest, _ connection: Connection) throws(BenchmarkFailure) {
        try connection.send(next)
        request = next
    }
}
