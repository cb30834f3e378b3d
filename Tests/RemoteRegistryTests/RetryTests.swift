import Content
import HTTPClient
import HTTPMessage
import OCIModel
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct RetryTests {
    private let name = RepositoryName.named("a/b")

    private func sender(_ time: ManualTime, _ change: (inout RetryPolicy) -> Void = { _ in }) throws -> RetryingSender {
        var policy = RetryPolicy()
        change(&policy)
        return RetryingSender(client: try makeClient(), policy: policy, timing: time.timing)
    }

    private func request(_ server: ScriptedServer, _ method: HTTPMethod = .get) throws -> HTTPClientRequest {
        HTTPClientRequest(method, try HTTPURL(parsing: server.url + "/"))
    }

    @Test("What passes is tried again after growing pauses", arguments: [502, 503, 504, 429])
    func passes(status: Int) async throws {
        let server = try ScriptedServer([
            "GET /": [ScriptedReply(status), ScriptedReply(status), ScriptedReply(status), ScriptedReply(200)]
        ])
        let time = ManualTime()
        let response = try await sender(time).send(request(server), isRepeatable: true)
        #expect(response.status == .ok)
        #expect(time.pauses == [.milliseconds(200), .milliseconds(400), .milliseconds(800)])
    }

    @Test("What does not pass is not tried again", arguments: [200, 400, 401, 403, 404, 409, 416, 500, 501, 507])
    func stays(status: Int) async throws {
        let server = try ScriptedServer(["GET /": [ScriptedReply(status)]])
        let time = ManualTime()
        let response = try await sender(time).send(request(server), isRepeatable: true)
        #expect(response.status.rawValue == status)
        #expect(server.requests.count == 1)
        #expect(time.pauses.isEmpty)
    }

    @Test("The last attempt's response is handed out")
    func exhausted() async throws {
        let server = try ScriptedServer(["GET /": [ScriptedReply(503)]])
        let response = try await sender(ManualTime()).send(request(server), isRepeatable: true)
        #expect(response.status == .serviceUnavailable)
        #expect(server.requests.count == 5)
    }

    @Test("A request that must not go out twice goes out once, unless it was turned away unread")
    func notRepeatable() async throws {
        let server = try ScriptedServer([
            "POST /": [ScriptedReply(503)], "PATCH /": [ScriptedReply(429), ScriptedReply(202)],
            "PUT /": [ScriptedReply([.close])],
        ])
        let sender = try sender(ManualTime())
        #expect(try await sender.send(request(server, .post), isRepeatable: false).status == .serviceUnavailable)
        #expect(try await sender.send(request(server, .patch), isRepeatable: false).status == .accepted)
        await #expect(throws: HTTPClientError.self) {
            try await sender.send(request(server, .put), isRepeatable: false)
        }
        #expect(server.lines == ["POST /", "PATCH /", "PATCH /", "PUT /"])
    }

    @Test("A broken connection is tried again")
    func transport() async throws {
        let server = try ScriptedServer([
            "GET /": [ScriptedReply([.close]), ScriptedReply([.reset]), ScriptedReply(200)]
        ])
        let response = try await sender(ManualTime()).send(request(server), isRepeatable: true)
        #expect(response.status == .ok)
        #expect(server.requests.count == 3)
    }

    @Test(
        "Retry-After is obeyed, in seconds or as a date",
        arguments: [("7", 7), ("0", 0), (HTTPDate.format(unixSeconds: 1_800_000_009), 9), ("soon", 0), ("-3", 0)])
    func retryAfter(value: String, seconds: Int) async throws {
        let server = try ScriptedServer([
            "GET /": [ScriptedReply(429, [("Retry-After", value)]), ScriptedReply(200)]
        ])
        let time = ManualTime()
        _ = try await sender(time).send(request(server), isRepeatable: true)
        #expect(time.pauses == [max(.seconds(seconds), .milliseconds(200))])
    }

    @Test(
        "A Retry-After beyond the limit ends the attempts",
        arguments: ["61", "99999999999999999999", "9223372036854775807"])
    func longRetryAfter(value: String) async throws {
        let server = try ScriptedServer(["GET /": [ScriptedReply(429, [("Retry-After", value)])]])
        let time = ManualTime()
        let response = try await sender(time) { $0.maximumAttempts = 2 }.send(request(server), isRepeatable: true)
        #expect(response.status == .tooManyRequests)
        #expect(server.requests.count == (Int64(value) == nil ? 2 : 1))
    }

    @Test("Pauses are a random part of a bound that doubles up to a limit")
    func bounds() {
        let policy = RetryPolicy()
        let bounds = [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].map { Duration.milliseconds($0) }
        #expect((2...9).map { policy.pause(before: $0, random: 1) } == bounds)
        #expect(policy.pause(before: 3, random: 0.5) == .milliseconds(200))
        #expect(policy.pause(before: 3, random: 0) == .zero)
        #expect(policy.pause(before: .max, random: 1) == .seconds(10))
        #expect(policy.pause(before: 2, random: -7) == .zero)
    }

    @Test("Cancelling the task ends the attempts")
    func cancelled() async throws {
        let server = try ScriptedServer(["GET /": [ScriptedReply(503)]])
        var timing = ManualTime().timing
        timing.sleep = { _ in withUnsafeCurrentTask { $0?.cancel() } }
        let sender = RetryingSender(client: try makeClient(), policy: RetryPolicy(), timing: timing)
        let request = try request(server)
        let task = Task { () -> HTTPClientError? in
            do throws(HTTPClientError) {
                _ = try await sender.send(request, isRepeatable: true)
                return nil
            } catch {
                return error
            }
        }
        #expect(await task.value == .cancelled)
        #expect(server.requests.count == 1)
    }

    @Test("A registry that stays busy is rate limited, with the time it named")
    func rateLimited() async throws {
        let server = try ScriptedServer { _ in
            ScriptedReply(
                429, [("Retry-After", "120")], text: #"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#)
        }
        let error = await failure { _ = try await server.registry().tags(in: name, PageRequest(limit: 1)) }
        guard case .rateLimited(let message, retryAfter: .seconds(120)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("slow down"))
    }
}
