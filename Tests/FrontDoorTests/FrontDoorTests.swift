import Content
import FrontDoor
import HTTPMessage
import HTTPServer
import ServerSupport
import Telemetry
import Testing

/// A face that owns what lies below one path: `/<name>/open`, `/<name>/login`, `/<name>/shelf` and nothing else.
private struct ToyFace: Face {
    enum Route: Int, CaseIterable, FaceRoute {
        case open, login, shelf

        var kind: Int { rawValue }
        var methods: MethodSet { self == .shelf ? [.get, .head, .put] : .read }
        var object: String? { self == .shelf ? "books" : nil }
        func need(_ method: HTTPMethod) -> AccessNeed {
            switch self {
            case .open: .nothing
            case .login: .login
            case .shelf: method == .put ? .readWrite : .read
            }
        }
    }

    let name: String
    var kinds: [String] { Route.allCases.map { "\(name)-\($0)" } }

    func recognize(_ request: any Request) -> Recognition<Route> {
        guard request.rawPath.hasPrefix("/\(name)/") else { return .foreign }
        guard let route = Route.allCases.first(where: { request.rawPath == "/\(name)/\($0)" }) else {
            return .wrong(failure(.nameUnknown("no such place")))
        }
        return .route(route)
    }

    func plan(_ route: Route, _ request: any Request) throws(ContentError) -> Plan {
        if request.method == .put {
            return .receive(maximumBytes: 4) { Response(.created, body: .bytes($0)) }
        }
        if request.rawQuery == "fail" { throw .conflict("taken") }
        return .respond(Response(.ok, body: .bytes(Array("\(name) \(route)".utf8))))
    }

    func failure(_ error: ContentError) -> Response {
        Response(HTTPStatus(rawValue: error.httpStatus), body: .bytes(Array("toy: \(error)".utf8)))
    }
}

@Suite("The front door") struct FrontDoorTests {
    private let log = LogCollector()

    private func door(_ authenticator: any Authenticator = AnonymousAccess(.readWrite)) -> FrontDoor {
        let log = log
        return FrontDoor(
            [ToyFace(name: "a"), ToyFace(name: "b")], authenticator: authenticator, options: DoorOptions(),
            metrics: MetricsRegistry(), logger: Logger { log.add($0) })
    }

    @Test("Each face answers its own paths, the door the rest") func faces() async {
        let door = door()
        #expect(await door.send(.get, "/a/shelf").text == "a shelf")
        #expect(await door.send(.get, "/b/shelf").text == "b shelf")
        #expect(await door.send(.get, "/healthz").text == "ok\n")
        #expect(await door.send(.get, "/c/shelf").summary == "404 UNSUPPORTED")
    }

    @Test("Errors have the form of the face they happen in") func errors() async throws {
        let door = door(try users(anonymous: .none))
        let wrong = basic("ann", "wrong")
        #expect(await door.send(.get, "/a/none").text == "toy: no such place")
        #expect(await door.send(.get, "/b/shelf?fail", basic("bob", "hunter2")).text == "toy: taken")
        #expect(await door.send(.get, "/a/shelf").text.hasPrefix("toy: "))
        #expect(await door.send(.get, "/a/shelf", wrong).text.hasPrefix("toy: "))
        #expect(await door.send(.get, "/a/shelf")["WWW-Authenticate"]?.hasPrefix("Basic ") == true)
        let denied = await door.send(.put, "/a/shelf", basic("bob", "hunter2"), .text("x"))
        #expect(denied.status == 403 && denied.text == "toy: user bob may read here, not write")
        let method = await door.send(.delete, "/b/shelf", basic("ann", "secret"))
        #expect(method.status == 405 && method.text.hasPrefix("toy: ") && method["Allow"] == "GET, HEAD, PUT")
    }

    @Test("A body too large is refused in the face's form, also while a password is looked into") func tooLarge()
        async throws
    {
        let door = door(try users(anonymous: .none))
        let body = FakeBody(bytes: Array("12345".utf8), pieceBytes: 2)
        let refused = await door.send(.put, "/a/shelf", basic("ann", "secret"), body)
        #expect(refused.status == 413 && refused.text.hasPrefix("toy: "))
        #expect(await door.send(.put, "/a/shelf", basic("ann", "secret"), .text("1234")).text == "1234")
    }

    @Test("What is open asks nobody, what needs a login asks the anonymous") func needs() async throws {
        let door = door(try users(anonymous: .read))
        #expect(await door.send(.get, "/a/open", basic("ann", "wrong")).status == 200)
        #expect(await door.send(.get, "/a/login").status == 401)
        #expect(await door.send(.get, "/a/login", basic("bob", "hunter2")).status == 200)
        #expect(await door.send(.get, "/a/shelf").status == 200)
        #expect(await door.send(.put, "/a/shelf", [], .text("x")).status == 401)
    }

    @Test("Requests are counted and logged under the face's own names") func counted() async throws {
        let door = door()
        await door.send(.get, "/b/shelf")
        await door.send(.get, "/nowhere")
        let metrics = await door.send(.get, "/metrics").text
        #expect(metrics.contains(#"chartroom_http_requests_total{route="b-shelf",method="GET",status="200"} 1"#))
        #expect(metrics.contains(#"chartroom_http_requests_total{route="none",method="GET",status="404"} 1"#))
        #expect(log.text.contains("b-shelf"))
        #expect(log.text.contains("books"))
    }
}
