import Glibc
import HTTPMessage
import HTTPServer
import Posix
import Synchronization
import Testing

@Suite struct UploadTests {
    @Test("100 Continue is sent when the body is wanted")
    func expectContinue() async throws {
        try await withServer(plan: { _ in .receive(maximumBytes: 10) { .text("\($0.count)") } }) { server, _ in
            let client = try RawClient(server.address)
            try client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            #expect(try client.receive().status == 100)
            try client.send("hello")
            #expect(try client.receive().text == "5")
        }
    }

    @Test("An early refusal of an upload comes instead of 100 Continue", arguments: [true, false])
    func refusedUpload(works: Bool) async throws {
        try await withServer(plan: { _ in
            works ? .perform { .text("log in", .unauthorized) } : .respond(.text("log in", .unauthorized))
        }) { server, _ in
            let client = try RawClient(server.address)
            try client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n")
            #expect(try client.receive().status == 401)
            #expect(try client.isClosed())
        }
    }

    @Test("An unwanted small body is thrown away and the connection stays", arguments: [true, false])
    func droppedBody(works: Bool) async throws {
        try await withServer(plan: { _ in works ? .perform { .text("no") } : .respond(.text("no")) }) {
            server, handler in
            let client = try RawClient(server.address)
            for _ in 0..<2 {
                try client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
                try client.send([UInt8](repeating: 1, count: 60000))
                #expect(try client.receive().text == "no")
            }
            #expect(handler.outcomes(2).map(\.outcome.bytesReceived) == [60000, 60000])
        }
    }

    @Test("An unwanted large body is answered at once and the connection closes", arguments: [true, false])
    func unwantedBody(works: Bool) async throws {
        try await withServer(plan: { _ in works ? .perform { .text("no") } : .respond(.text("no")) }) { server, _ in
            let client = try RawClient(server.address)
            try client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n")
            #expect(try client.receive().text == "no")
            #expect(try client.isClosed())
            // A client that reads only after it has sent everything gets its answer too.
            let stubborn = try RawClient(server.address)
            try stubborn.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n")
            try stubborn.send([UInt8](repeating: 1, count: 50_000_000))
            #expect(try stubborn.receive().text == "no")
            #expect(try stubborn.isClosed())
        }
    }

    @Test(
        "A stream arrives whole, in pieces of at most 256 KiB", arguments: [0, 1, 50_000, 262_144, 262_145, 3_000_000])
    func stream(count: Int) async throws {
        let consumer = RecordingConsumer()
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try await withServer(plan: { _ in .stream(maximumBytes: 1 << 30, consumer) }) { server, handler in
            let client = try RawClient(server.address)
            for isChunked in [false, true] {
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(count)"
                try client.send("PUT / HTTP/1.1\r\nHost: x\r\n\(framing)\r\n\r\n")
                if isChunked {
                    var rest = body[...]
                    while !rest.isEmpty {
                        let chunk = rest.prefix(100_000)
                        rest = rest.dropFirst(100_000)
                        try client.send("\(String(chunk.count, radix: 16))\r\n")
                        try client.send(Array(chunk))
                        try client.send("\r\n")
                    }
                    try client.send("0\r\n\r\n")
                } else {
                    try client.send(body)
                }
                #expect(try client.receive().status == 200)
            }
            #expect(consumer.read(\.bytes) == body + body)
            #expect(consumer.read(\.pieces).allSatisfy { (1...262_144).contains($0) })
            #expect(consumer.read(\.finishes) == 2)
            #expect(consumer.read(\.abandons) == 0)
            #expect(handler.outcomes(2).allSatisfy { $0.outcome.bytesReceived == Int64(count) })
        }
    }

    @Test("A slow consumer holds the client back instead of filling memory")
    func backPressure() async throws {
        let gate = Gate()
        let consumer = RecordingConsumer(keepsBytes: false) { _ in
            gate.wait()
            return nil
        }
        let count = 200 << 20
        try await withServer(plan: { _ in .stream(maximumBytes: 1 << 30, consumer) }) { server, _ in
            let client = try RawClient(server.address)
            try client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: \(count)\r\n\r\n")
            let block = [UInt8](repeating: 5, count: 1 << 20)
            let flags = fcntl(client.descriptor, F_GETFL)
            // Sends until the sockets are full and stay full: what went in is what the two kernels' buffers hold.
            _ = fcntl(client.descriptor, F_SETFL, flags | O_NONBLOCK)
            var sent = 0
            var writable = pollfd(fd: client.descriptor, events: Int16(POLLOUT), revents: 0)
            while sent < count, poll(&writable, 1, 300) > 0 {
                sent += max(0, Glibc.send(client.descriptor, block, block.count, Int32(MSG_NOSIGNAL)))
            }
            #expect(sent < 40 << 20, "\(sent >> 20) MiB went in while nothing was consumed")
            #expect(consumer.read(\.pieces).count == 1)
            gate.open()
            _ = fcntl(client.descriptor, F_SETFL, flags)
            while sent < count {
                let next = min(block.count, count - sent)
                try client.send(Array(block[..<next]))
                sent += next
            }
            #expect(try client.receive().text == "received \(count)")
        }
    }

    @Test("A consumer that answers early ends the upload, and the client reads why")
    func earlyAnswer() async throws {
        let consumer = RecordingConsumer(keepsBytes: false) { _ in .text("disk full", .insufficientStorage) }
        try await withServer(plan: { _ in .stream(maximumBytes: 1 << 30, consumer) }) { server, handler in
            let client = try RawClient(server.address)
            try client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n")
            try client.send([UInt8](repeating: 1, count: 50_000_000))
            let reply = try client.receive()
            #expect(reply.status == 507)
            #expect(reply.text == "disk full")
            #expect(try client.isClosed())
            #expect(reply.field("Content-Type") == "text/plain")
            #expect(reply.field("X-Request-Id") == handler.outcomes(1).first?.id)
            #expect(handler.outcomes(1).first?.outcome.status == 507)
            #expect(handler.outcomes(1).first?.outcome.isComplete == true)
            #expect(consumer.read(\.pieces).count == 1)
            #expect(consumer.read(\.finishes) == 0)
            #expect(consumer.read(\.abandons) == 0)
        }
    }

    @Test("A consumer that answers at the last piece ends the upload")
    func lateAnswer() async throws {
        let consumer = RecordingConsumer { _ in .text("bad", .badRequest) }
        try await withServer(plan: { _ in .stream(maximumBytes: 1 << 30, consumer) }) { server, _ in
            let client = try RawClient(server.address)
            try client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try client.receive().text == "bad")
            #expect(try client.isClosed())
            #expect(consumer.read(\.finishes) == 0)
        }
    }

    @Test(
        "A client that leaves in the middle abandons the stream, once", arguments: [100, 300_000, 2_000_000],
        [true, false])
    func leavingClient(sent: Int, resets: Bool) async throws {
        let consumer = RecordingConsumer(keepsBytes: false)
        let arrived = Gate()
        try await withServer(plan: { _ in
            arrived.open()
            return .stream(maximumBytes: 1 << 30, consumer)
        }) { server, handler in
            var client: RawClient? = try RawClient(server.address)
            try client?.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
            try client?.send([UInt8](repeating: 1, count: sent))
            // A request that is reset before it was read does not exist.
            arrived.wait()
            if resets { client?.reset() }
            client = nil
            #expect(consumer.waits { $0.abandons == 1 })
            let ended = handler.outcomes(1)
            #expect(ended.count == 1 && ended.first?.outcome.status == 0 && ended.first?.outcome.isComplete == false)
            #expect(consumer.read(\.finishes) == 0)
            #expect(consumer.read(\.abandons) == 1)
        }
    }

    @Test("A client that leaves while the consumer works abandons the stream after that piece")
    func leavingWhileBusy() async throws {
        let gate = Gate()
        let consumer = RecordingConsumer(keepsBytes: false) { _ in
            gate.wait()
            return nil
        }
        try await withServer(plan: { _ in .stream(maximumBytes: 1 << 30, consumer) }) { server, handler in
            var client: RawClient? = try RawClient(server.address)
            try client?.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
            try client?.send([UInt8](repeating: 1, count: 300_000))
            #expect(consumer.waits { $0.pieces.count == 1 })
            client?.reset()
            client = nil
            #expect(handler.outcomes(1).count == 1)
            #expect(consumer.read(\.abandons) == 0)
            gate.open()
            #expect(consumer.waits { $0.abandons == 1 })
            #expect(consumer.read(\.pieces).count == 1)
        }
    }

    @Test("A client that leaves while its answer is made costs nothing but the answer")
    func leavingBeforeAnswer() async throws {
        let gate = Gate()
        try await withServer(plan: { request in
            guard request.rawPath == "/work" else { return .respond(.text("next")) }
            return .perform {
                gate.wait()
                return .text("late")
            }
        }) { server, handler in
            var client: RawClient? = try RawClient(server.address)
            try client?.send("GET /work HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try RawClient(server.address).get("/").text == "next")
            client?.reset()
            client = nil
            gate.open()
            #expect(handler.outcomes(2).count == 2)
            #expect(try RawClient(server.address).get("/").text == "next")
        }
    }

    @Test("A broken chunk ends the upload without finishing it")
    func brokenChunk() async throws {
        let consumer = RecordingConsumer()
        try await withServer(plan: { _ in .stream(maximumBytes: 1 << 30, consumer) }) { server, _ in
            let client = try RawClient(server.address)
            try client.send("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\nabc")
            try client.skipToEnd()
            #expect(consumer.waits { $0.abandons == 1 })
            #expect(consumer.read(\.finishes) == 0)
        }
    }

    @Test("Uploads and downloads of many clients at once do not mix")
    func many() async throws {
        try await withServer(
            threads: 2,
            plan: { request in
                let path = request.rawPath
                switch path.utf8.count % 3 {
                case 0: return .stream(maximumBytes: 1 << 30, RecordingConsumer())
                case 1: return .receive(maximumBytes: 1 << 20) { .text("\(path) \($0.count)") }
                default: return .perform { .text(path) }
                }
            }
        ) { server, handler in
            let failures = Condition((left: 8, wrong: 0))
            for index in 0..<8 {
                _ = try SystemThread(name: "client") {
                    let isRight = (try? Self.converse(server.address, index)) ?? false
                    failures.updateAll {
                        $0.left -= 1
                        $0.wrong += isRight ? 0 : 1
                    }
                }
            }
            #expect(failures.wait { state, _ in state.left == 0 ? state.wrong : nil } == 0)
            #expect(handler.outcomes(320).count == 320)
        }
    }

    private static func converse(_ address: BoundAddress, _ index: Int) throws -> Bool {
        let client = try RawClient(address)
        for round in 0..<40 {
            let path = "/" + String(repeating: "p", count: (index + round) % 7)
            let count = (index * 7919 + round * 104_729) % 60_000
            try client.send("PUT \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(count)\r\n\r\n")
            try client.send([UInt8](repeating: 2, count: count))
            let expected = ["received \(count)", "\(path) \(count)", path][path.utf8.count % 3]
            if try client.receive().text != expected { return false }
        }
        return true
    }
}
