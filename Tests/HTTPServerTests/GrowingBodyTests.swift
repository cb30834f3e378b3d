import Glibc
import HTTPMessage
import HTTPServer
import Posix
import TestSupport
import Testing

/// Where a server listens in a test.
enum Door: CaseIterable {
    case tcp, unix
}

@Suite struct GrowingBodyTests {
    static func answer(_ file: GrowingFile, offset: Int64 = 0, length: Int, _ status: HTTPStatus = .ok) -> Plan {
        .respond(Response(status, body: .growing(GrowingPart(file, offset: offset, length: length))))
    }

    private static func listening(_ door: Door) -> ListenAddress {
        switch door {
        case .tcp: .tcp(host: "127.0.0.1", port: 0)
        case .unix: .unix(path: "/tmp/chartroom-grow-\(getpid())-\(UInt64.random(in: .min ... .max)).sock")
        }
    }

    @Test("Each piece arrives before the next is written, and the connection goes on", arguments: Door.allCases)
    func pieces(door: Door) async throws {
        let bytes = FileTests.bytes(300_000)
        let file = GrowingFile()
        try await withServer(
            Self.listening(door),
            plan: { $0.rawPath == "/" ? Self.answer(file, length: bytes.count) : .respond(.text("next")) }
        ) { server, handler in
            let client = try RawClient(server.address)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n")
            let head = try client.receive(isHead: true)
            #expect(head.status == 200 && head.field("Content-Length") == "300000")
            var sent = 0
            for size in [1, 70_000, 130_000, 99_998, 1] {
                file.append(bytes[sent..<(sent + size)])
                #expect(try client.take(size) == Array(bytes[sent..<(sent + size)]))
                sent += size
            }
            #expect(try client.receive().text == "next")
            // What is complete is a file like any other.
            let again = try client.get("/").body
            #expect(again == bytes)
            let outcomes = handler.outcomes(3).map(\.outcome)
            #expect(outcomes.map(\.bytesSent) == [300_000, 4, 300_000] && outcomes.allSatisfy(\.isComplete))
        }
    }

    @Test("Many readers at once get every byte, however the file grows", arguments: Seeds.some())
    func readers(seed: UInt64) async throws {
        let bytes = FileTests.bytes(2_000_000)
        let file = GrowingFile()
        try await withServer(threads: 2, plan: { _ in Self.answer(file, length: bytes.count) }) { server, handler in
            let clients = try (0..<24).map { _ in try RawClient(server.address) }
            for client in clients { try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }
            let writer = Gate()
            _ = try SystemThread(name: "writer") {
                var generator = SeededGenerator(seed: seed)
                var sent = 0
                while sent < bytes.count {
                    let end = min(bytes.count, sent + Int.random(in: 1...30_000, using: &generator))
                    file.append(bytes[sent..<end])
                    sent = end
                }
                writer.open()
            }
            for client in clients { #expect(try client.receive().body == bytes) }
            writer.wait()
            #expect(handler.outcomes(24).allSatisfy { $0.outcome.isComplete })
        }
    }

    @Test("A part of a growing file is sent as soon as that part is there")
    func part() async throws {
        let bytes = FileTests.bytes(100_000)
        let file = GrowingFile()
        try await withServer(plan: { _ in Self.answer(file, offset: 40_000, length: 20_000, .partialContent) }) {
            server, _ in
            let client = try RawClient(server.address)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            file.append(bytes[..<50_000])
            #expect(try client.receive(isHead: true).field("Content-Length") == "20000")
            #expect(try client.take(10_000) == Array(bytes[40_000..<50_000]))
            file.append(bytes[50_000..<90_000])
            #expect(try client.take(10_000) == Array(bytes[50_000..<60_000]))
            let whole = try client.get("/").body
            #expect(whole == Array(bytes[40_000..<60_000]))
        }
    }

    @Test("A wake that comes before the connection is suspended is not lost")
    func earlyWake() async throws {
        let bytes = FileTests.bytes(5)
        let file = GrowingFile()
        try await withServer(plan: { _ in Self.answer(file, length: 5) }) { server, _ in
            let client = try RawClient(server.address)
            // The answer asks once by itself, and then for each byte.
            @Sendable func addInside(_ index: Int) {
                file.insideNextLook { file in
                    if index > 0 { file.append(bytes[(index - 1)..<index]) }
                    if index < bytes.count { addInside(index + 1) }
                }
            }
            addInside(0)
            #expect(try client.get("/").body == bytes)
        }
    }

    @Test("A body that fails is cut where it stands, and known failures are answered with 500")
    func failure() async throws {
        let bytes = FileTests.bytes(50_000)
        let file = GrowingFile()
        try await withServer(plan: { _ in Self.answer(file, length: bytes.count) }) { server, handler in
            let client = try RawClient(server.address)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            file.append(bytes[..<20_000])
            _ = try client.receive(isHead: true)
            #expect(try client.take(20_000) == Array(bytes[..<20_000]))
            file.fail()
            #expect(try client.isClosed())
            let outcome = handler.outcomes(1)[0].outcome
            #expect(outcome.status == 200 && !outcome.isComplete && outcome.bytesSent == 20_000)
            let late = try RawClient(server.address)
            #expect(try late.get("/").status == 500)
        }
    }

    @Test("A file shorter than it says ends the connection")
    func shortFile() async throws {
        let file = GrowingFile()
        try await withServer(plan: { _ in Self.answer(file, length: 50_000) }) { server, handler in
            let client = try RawClient(server.address)
            try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try client.receive(isHead: true)
            file.append([1, 2, 3])
            #expect(try client.take(3) == [1, 2, 3])
            file.claim(40_000)
            #expect(try client.isClosed())
            #expect(!handler.outcomes(1)[0].outcome.isComplete)
        }
    }

    @Test("HEAD, 304 and an empty body wait for nothing")
    func noBytes() async throws {
        let mark = "chartroom-nobytes-\(UInt64.random(in: .min ... .max))"
        let file = GrowingFile(mark: mark)
        try await withServer(plan: { request in
            Self.answer(
                file, length: request.rawPath == "/0" ? 0 : 1000, request.rawPath == "/304" ? .notModified : .ok)
        }) { server, handler in
            let client = try RawClient(server.address)
            try client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.receive(isHead: true).field("Content-Length") == "1000")
            try client.send("GET /304 HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.receive(isHead: true).status == 304)
            #expect(try client.get("/0").body.isEmpty)
            #expect(handler.outcomes(3).allSatisfy { $0.outcome.isComplete && $0.outcome.bytesSent == 0 })
        }
        #expect(try TestFile.openCount(mark) == 1)
    }

    @Test("A client that left is noticed at the next wake, and its descriptor closed", arguments: [true, false])
    func leaving(isReset: Bool) async throws {
        let mark = "chartroom-leaving-\(UInt64.random(in: .min ... .max))"
        let file = GrowingFile(mark: mark)
        let bytes = FileTests.bytes(3_000_000)
        try await withServer(plan: {
            $0.rawPath == "/" ? Self.answer(file, length: bytes.count) : .respond(.text("alive"))
        }) { server, handler in
            do {
                let client = try RawClient(server.address)
                try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try client.receive(isHead: true)
                #expect(file.waits(2))
                if isReset { client.reset() }
            }
            // The first write may still go into the dead connection.
            file.append(bytes[..<1_000_000])
            file.append(bytes[1_000_000..<2_000_000])
            #expect(handler.outcomes(1).first?.outcome.isComplete == false)
            #expect(try RawClient(server.address).get("/next").text == "alive")
            #expect(try TestFile.openCount(mark) == 1)
        }
    }

    @Test("Whoever waits for bytes is not slow; whoever does not take them is")
    func slowness() async throws {
        let bytes = FileTests.bytes(32 << 20)
        let (waiting, taken) = (GrowingFile(), GrowingFile())
        try await withServer(
            limits: { $0.bodyTimeout = .milliseconds(100) },
            plan: { Self.answer($0.rawPath == "/waiting" ? waiting : taken, length: bytes.count) }
        ) { server, handler in
            let patient = try RawClient(server.address)
            try patient.send("GET /waiting HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try patient.receive(isHead: true)
            #expect(waiting.waits(2))
            // Two that take nothing, one after the other, are the clock.
            for count in 1...2 {
                let slow = try RawClient(server.address, receiveBuffer: 4096)
                try slow.send("GET /taken HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try slow.receive(isHead: true)
                if count == 1 { taken.append(bytes.dropLast()) }
                #expect(handler.outcomes(count).count == count)
            }
            #expect(handler.outcomes(2).allSatisfy { $0.path == "/taken" && !$0.outcome.isComplete })
            waiting.append(bytes)
            #expect(try patient.take(bytes.count) == bytes)
        }
    }
}
