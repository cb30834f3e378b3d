// MirrorServer: what people ask of mirrors, over HTTP.
//
// Owns: the paths `/api/mirrors` and `/api/mirrors/…`. The JSON is Content's, which the client reads with the same code.
// Invariant: what only asks needs read access; what makes this server contact somebody or begins or stops a run needs
// write access.
// Threads: paths and queries are read on the loop thread, everything else runs where it may block.

public import Content
public import FrontDoor
internal import HTTPMessage
public import HTTPServer
internal import OCIModel

/// Answers questions about mirrors as JSON; errors are `{"error": "…"}`, as below all of `/api`.
///
/// It stands before the face of classic repositories, to which every other path below `/api` belongs.
public final class MirrorFace: Face {
    private static let usualRuns = 100
    private static let mostRuns = 1000
    private let control: any MirrorControl

    /// Answers from whoever runs the mirrors.
    public init(_ control: any MirrorControl) {
        self.control = control
    }

    /// One kind.
    public let kinds = ["mirrors"]

    /// Takes its own paths only: a classic repository may have a name that begins like them.
    public func recognize(_ request: any Request) -> Recognition<MirrorRoute> {
        MirrorRoute(path: request.rawPath).map { .route($0) } ?? .foreign
    }

    /// Reads the query here, and looks for the answer on a thread that may block.
    public func plan(_ route: MirrorRoute, _ request: any Request) throws(ContentError) -> Plan {
        let control = control
        switch route {
        case .list:
            return answer { () throws(ContentError) in
                .object([("mirrors", .array(try await control.mirrors().map(\.json)))])
            }
        case .mirror(let name):
            return answer { () throws(ContentError) in try await control.mirror(name).json }
        case .plan(let name):
            return answer { () throws(ContentError) in try await control.plan(of: name).json }
        case .run(let name):
            return answer(.accepted) { () throws(ContentError) in try await control.run(name).json }
        case .cancel(let name):
            return answer { () throws(ContentError) in try await control.cancel(name).json }
        case .runs:
            let query = try request.queryItems()
            let mirror = query.first("mirror").flatMap { $0.isEmpty ? nil : $0 }
            let limit = try MirrorFace.number("n", query, 1...Int64(MirrorFace.mostRuns))
            let last = try MirrorFace.number("last", query, 1...Int64.max)
            return answer { () throws(ContentError) in
                let runs = try await control.runs(
                    of: mirror, before: last, limit: limit.map { Int($0) } ?? MirrorFace.usualRuns)
                return .object([("runs", .array(runs.map(\.json)))])
            }
        case .report(let number):
            return answer { () throws(ContentError) in try await control.report(of: number).json }
        }
    }

    /// `{"error": "<text>"}`.
    public func failure(_ error: ContentError) -> Response {
        var response = Response.json(
            HTTPStatus(rawValue: error.httpStatus), .object([("error", .string(error.message))]))
        response.headers += Response.headers(for: error)
        return response
    }

    /// Answers change from one moment to the next: nobody keeps them.
    private func answer(
        _ status: HTTPStatus = .ok, _ work: @escaping @Sendable () async throws(ContentError) -> JSONValue
    ) -> Plan {
        perform { () throws(ContentError) in
            var response = Response.json(status, try await work())
            response.headers.append(("Cache-Control", "no-store"))
            return response
        }
    }

    private static func number(
        _ name: String, _ query: QueryItems, _ range: ClosedRange<Int64>
    ) throws(ContentError) -> Int64? {
        guard let text = query.first(name), !text.isEmpty else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            let most = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw .parameterInvalid("\(name)=\(OCIParseError.quote(text)) is no number from \(range.lowerBound)\(most)")
        }
        return number
    }
}
