import HTTPClient
import HTTPMessage
import Synchronization
import TestSupport
import Testing

@Suite struct AddressTests {
    @Test("An address is known for what it is, however it is written")
    func kinds() {
        let kinds: [HTTPAddressKind: [String]] = [
            .thisMachine: [
                "127.0.0.1", "127.255.0.9", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "255.255.255.255",
                "168.63.129.16", "::", "::1", "fe80::1", "fe80::1%eth0", "febf::1", "ff02::1", "::ffff:127.0.0.1",
                "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00:ec2::254",
                "::ffff:7f00:1", "[::1]",
            ],
            .privateNetwork: [
                "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.200",
                "192.0.0.192", "fc00::1", "fdff::1", "fec0::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1",
            ],
            .global: [
                "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.167.0.1", "11.0.0.1",
                "2606:4700::1", "::ffff:8.8.8.8", "168.63.129.17", "223.255.255.255", "64:ff9b::808:808",
            ],
        ]
        for (kind, texts) in kinds {
            for text in texts { #expect(HTTPAddressKind(host: text) == kind, "\(text)") }
        }
        for text in ["", "localhost", "1.2.3", "example.com", "[", "::g", "1.2.3.4.5"] {
            #expect(HTTPAddressKind(host: text) == nil, "\(text)")
        }
    }

    /// A client to which the server at a port seems to lie somewhere else than the others.
    private func client(_ server: ScriptedServer, is kind: HTTPAddressKind) throws -> HTTPClient {
        let port = Int(server.port)
        return try makeClient {
            $0.addressKind = { $1 == port ? kind : HTTPAddressKind(address: $0) }
        }
    }

    private func expectRefusal(_ error: HTTPClientError?, _ host: String) {
        guard case .addressRefused(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains(host))
    }

    @Test(
        "A server far away cannot send us to this machine, by name or by address",
        arguments: ["localhost", "a.localhost", "127.0.0.1", "[::1]", "0x7f.1", "[::ffff:127.0.0.1]"])
    func farToNear(host: String) async throws {
        let near = try ScriptedServer { _ in ScriptedReply(200) }
        let target = "http://\(host):\(near.port)/secret"
        let far = try ScriptedServer { _ in ScriptedReply(302, [("Location", target)]) }
        for kind in [HTTPAddressKind.global, .privateNetwork] {
            let client = try client(far, is: kind)
            // The first host goes by another name than the second, else it would be let do what it likes on itself.
            let name = host == "localhost" ? "127.0.0.1" : "localhost"
            let first = try HTTPURL(parsing: "http://\(name):\(far.port)/")
            expectRefusal(await failure { _ = try await client.send(HTTPClientRequest(.get, first)) }, "\(near.port)")
        }
        #expect(near.requests.isEmpty)
    }

    @Test("What is near may name its like, and what is far; far things name each other")
    func allowed() async throws {
        let second = try ScriptedServer { _ in ScriptedReply(200) }
        let first = try ScriptedServer { _ in ScriptedReply(302, [("Location", "http://localhost:\(second.port)/")]) }
        for (from, to) in [
            (HTTPAddressKind.thisMachine, HTTPAddressKind.thisMachine), (.thisMachine, .global),
            (.privateNetwork, .global),
            (.privateNetwork, .privateNetwork), (.global, .global),
        ] {
            let port = Int(first.port)
            let client = try makeClient { $0.addressKind = { $1 == port ? from : to } }
            let response = try await client.send(first.request(.get, "/"))
            #expect(response.status == .ok)
            #expect(response.firstAddress == from)
        }
    }

    @Test("The kind of the first host holds for every redirect behind it")
    func chain() async throws {
        let near = try ScriptedServer { _ in ScriptedReply(200) }
        let target = "http://localhost:\(near.port)/"
        let middle = try ScriptedServer { _ in ScriptedReply(302, [("Location", target)]) }
        let first = try ScriptedServer { _ in ScriptedReply(302, [("Location", "http://localhost:\(middle.port)/")]) }
        let far = [Int(first.port), Int(middle.port)]
        let client = try makeClient {
            $0.addressKind = { far.contains($1) ? .global : HTTPAddressKind(address: $0) }
        }
        expectRefusal(await failure { _ = try await client.send(first.request(.get, "/")) }, "localhost")
        #expect(middle.requests.count == 1)
        #expect(near.requests.isEmpty)
    }

    @Test("A kept connection is no way round")
    func keptConnection() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200) }
        let client = try makeClient()
        var request = HTTPClientRequest(.get, try HTTPURL(parsing: "http://localhost:\(server.port)/"))
        let open = request
        _ = try await client.send(open).collect(maximumBytes: 10)
        request.addresses = .upTo(.privateNetwork)
        let bounded = request
        expectRefusal(await failure { _ = try await client.send(bounded) }, "localhost")
        #expect(server.requests.count == 1)
    }
}

@Suite struct HeadDeadlineTests {
    @Test("A server that sends its header bit by bit meets the deadline for the header")
    func slowHeader() async throws {
        let gate = Gate()
        defer { gate.open() }
        let server = try ScriptedServer { _ in
            ScriptedReply([.send(Array("HTTP/1.1 200 OK\r\nX-A: b\r\n".utf8)), .wait(gate), .close])
        }
        let client = try makeClient()
        var request = try server.request(.get, "/")
        request.deadlines.head = .milliseconds(100)
        let sent = request
        guard case .timedOut(.head, _) = await failure({ _ = try await client.send(sent) }) else {
            Issue.record("another end")
            return
        }
    }

    @Test("The deadline for the header says nothing about the body")
    func slowBody() async throws {
        let gate = Gate()
        let server = try ScriptedServer { request in
            request.path == "/late" ? .silence(until: gate) : .stalling([1, 2, 3, 4], after: 2, until: gate)
        }
        let client = try makeClient()
        var request = try server.request(.get, "/")
        request.deadlines.head = .seconds(1)
        let response = try await client.send(request)
        // A second exchange, which meets the same deadline, shows that the time of the first has passed.
        var late = try server.request(.get, "/late")
        late.deadlines.head = .seconds(1)
        let sent = late
        guard case .timedOut(.head, _) = await failure({ _ = try await client.send(sent) }) else {
            Issue.record("another end")
            return
        }
        gate.open()
        #expect(try await response.collect(maximumBytes: 10) == [1, 2, 3, 4])
    }

    @Test(
        "Whoever wants to know is told once when the exchange is over, however it ends",
        arguments: ["read", "cancel", "drop"])
    func over(end: String) async throws {
        let gate = Gate()
        let server = try ScriptedServer { _ in .stalling([1, 2, 3, 4], after: 2, until: gate) }
        let client = try makeClient()
        let told = CallCounter()
        let (calls, caller) = AsyncStream.makeStream(of: Void.self)
        var response: HTTPClientResponse? = try await client.send(server.request(.get, "/"))
        response?.whenOver {
            told.note()
            caller.yield()
        }
        #expect(told.count == 0)
        switch end {
        case "read":
            gate.open()
            _ = try await response?.collect(maximumBytes: 10)
        case "cancel": response?.cancel()
        default: response = nil
        }
        for await _ in calls { break }
        #expect(told.count == 1)
        response?.whenOver { told.note() }
        #expect(told.count == (end == "drop" ? 1 : 2))
        gate.open()
    }
}

private final class CallCounter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func note() { value.withLock { $0 += 1 } }
}
