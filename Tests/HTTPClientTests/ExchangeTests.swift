import HTTPMessage
import Testing

@testable import HTTPClient

@Suite struct ExchangeTests {
    private func exchange(bufferBytes: Int = 100) throws -> Exchange {
        Exchange(engine: try Engine(HTTPClientConfiguration()), bufferBytes: bufferBytes)
    }

    private func deliver(_ bytes: [UInt8], to exchange: Exchange) -> Exchange.Delivery {
        bytes.withUnsafeBufferPointer { exchange.deliver($0) }
    }

    @Test("A body that is complete is read whole, also by a task that was cancelled meanwhile")
    func completeThenCancelled() async throws {
        let exchange = try exchange()
        #expect(deliver([1, 2, 3], to: exchange) == .taken)
        #expect(exchange.finish(.success(())))
        exchange.cancel()
        #expect(try await exchange.nextPiece() == [1, 2, 3])
        #expect(try await exchange.nextPiece() == nil)
    }

    @Test("A body that was cancelled before its end gives nothing but the error, again and again")
    func cancelledThenRead() async throws {
        let exchange = try exchange()
        #expect(deliver([1, 2, 3], to: exchange) == .taken)
        exchange.cancel()
        #expect(deliver([4], to: exchange) == .unwanted)
        #expect(!exchange.finish(.success(())))
        for _ in 0..<2 {
            await #expect(throws: HTTPClientError.cancelled) { try await exchange.nextPiece() }
        }
    }

    @Test("What came before a failure is read first")
    func bytesThenFailure() async throws {
        let exchange = try exchange()
        #expect(deliver([1], to: exchange) == .taken)
        exchange.finish(.failure(.connectionLost("x")))
        #expect(try await exchange.nextPiece() == [1])
        await #expect(throws: HTTPClientError.connectionLost("x")) { try await exchange.nextPiece() }
    }

    @Test("The buffer takes what fits, and one piece of any size when it is empty")
    func bufferLimit() async throws {
        let exchange = try exchange(bufferBytes: 10)
        #expect(deliver([UInt8](repeating: 1, count: 50), to: exchange) == .taken)
        #expect(deliver([2], to: exchange) == .full)
        #expect(exchange.pauses.receiving)
        #expect(try await exchange.nextPiece()?.count == 50)
        #expect(!exchange.pauses.receiving)
        #expect(deliver([2], to: exchange) == .taken)
    }

    @Test("Outgoing bytes leave in order, and their end is told apart from a pause")
    func outgoing() async throws {
        let exchange = try exchange(bufferBytes: 10)
        func supply(_ count: Int) -> (Exchange.Supply, [UInt8]) {
            var room = [UInt8](repeating: 0, count: count)
            let supply = room.withUnsafeMutableBytes { exchange.supply($0) }
            return (supply, room)
        }
        #expect(supply(4).0 == .empty)
        exchange.push([1, 2, 3])
        exchange.push([])
        exchange.push([4, 5, 6])
        #expect(supply(4) == (.bytes(4), [1, 2, 3, 4]))
        exchange.finishSending()
        #expect(supply(4) == (.bytes(2), [5, 6, 0, 0]))
        #expect(supply(4).0 == .end)
        exchange.cancel()
        #expect(supply(4).0 == .unwanted)
    }

    @Test("A head is put together from its lines; interim heads and trailers are dropped, folded lines joined")
    func heads() {
        var parser = HeadParser(maximumBytes: 1000)
        var heads: [ResponseHead] = []
        let lines = [
            "HTTP/1.1 100 Continue\r\n", "X: gone\r\n", "\r\n", "HTTP/2 204 \r\n", "A:  b \r\n", "a: c\r\n", " d\r\n",
            "no colon\r\n", "\r\n", "Trailer: t\r\n", "\r\n",
        ]
        for line in lines {
            if case .complete(let head) = parser.take(Array(line.utf8)) { heads.append(head) }
        }
        #expect(heads.count == 1)
        #expect(heads.first?.status == 204)
        #expect(heads.first?.headers.values("A") == ["b", "c d"])
    }

    @Test(
        "A head beyond its limit, or with a bad status line, is invalid",
        arguments: [String(repeating: "x", count: 1001), "HTTP/1.1 2x0 OK", "HTTP/1.1 99 Low", "HTTP/1.1"])
    func badHeads(line: String) {
        var parser = HeadParser(maximumBytes: 1000)
        guard case .invalid = parser.take(Array(line.utf8)) else {
            Issue.record("taken")
            return
        }
    }
}
