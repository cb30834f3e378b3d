import BenchmarkSupport
import Codecs

/// One client of a classic repository, over one keep-alive connection.
///
/// Belongs to one thread at a time.
final class ChartClient {
    let connection: Connection
    private let maker: ChartMaker
    private let deflater = Deflater()

    init(port: UInt16, _ maker: ChartMaker) throws(BenchmarkFailure) {
        connection = try Connection(port: port)
        self.maker = maker
    }

    /// The upload of a version by the classic door.
    func upload(_ version: ChartMaker.Version) -> HTTPRequest {
        HTTPRequest(
            "POST", "/api/charts/\(RepositoryFixture.namespace)/charts", body: [maker.archive(version, deflater)],
            type: "application/gzip")
    }

    /// Uploads a version and waits until it is listed.
    func push(_ version: ChartMaker.Version) throws(BenchmarkFailure) {
        try connection.exchange(upload(version), expecting: 201)
    }

    /// Sends the same request over and over, and gives the milliseconds of each.
    func milliseconds(
        of request: HTTPRequest, count: Int, expecting status: Int = 200
    ) throws(BenchmarkFailure) -> [Double] {
        var all: [Double] = []
        for _ in 0..<count {
            let start = nanoseconds()
            try connection.exchange(request, expecting: status)
            all.append(Double(nanoseconds() - start) / 1e6)
        }
        return all
    }
}

extension HTTPRequest {
    /// The index, or with a selector a view of it.
    ///
    /// Helm itself takes no gzip.
    static func index(view: String? = nil, isGzip: Bool = false, ifNoneMatch: String? = nil) -> HTTPRequest {
        let view = view.map { "/~\($0)" } ?? ""
        var request = HTTPRequest("GET", "/charts/\(RepositoryFixture.namespace)\(view)/index.yaml")
        request.acceptsGzip = isGzip
        request.ifNoneMatch = ifNoneMatch
        return request
    }
}
