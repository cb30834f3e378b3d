import HTTPServer
import Testing

@Suite struct FramingTests {
    struct Attack: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: String
        var status = 400
        /// Libmicrohttpd refuses it by itself; version 0.9.75 writes the header of such answers twice.
        var isRefusedBelow = false
        var testDescription: String { name }
    }

    static let attacks: [Attack] = [
        Attack(
            name: "two Content-Lengths that differ",
            bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        Attack(
            name: "two equal Content-Lengths",
            bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\na"),
        Attack(
            name: "a list in Content-Length", bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na",
            isRefusedBelow: true),
        Attack(
            name: "a signed Content-Length", bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na",
            isRefusedBelow: true),
        Attack(
            name: "a negative Content-Length", bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            isRefusedBelow: true),
        Attack(
            name: "an empty Content-Length", bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n",
            isRefusedBelow: true),
        Attack(
            name: "a huge Content-Length",
            bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", status: 413,
            isRefusedBelow: true),
        Attack(
            name: "a Content-Length that nearly wraps around",
            bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n", status: 413,
            isRefusedBelow: true),
        Attack(
            name: "a Content-Length beside a Transfer-Encoding",
            bytes: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Attack(
            name: "a Transfer-Encoding beside a Content-Length",
            bytes: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        Attack(
            name: "gzip, chunked",
            bytes: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        Attack(name: "xchunked", bytes: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        Attack(name: "identity", bytes: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n"),
        Attack(
            name: "two Transfer-Encodings",
            bytes:
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        Attack(
            name: "a Transfer-Encoding in HTTP/1.0",
            bytes: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Attack(
            name: "a Transfer-Encoding after a tab",
            bytes: "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\tchunked\u{B}\r\n\r\n0\r\n\r\n"),
        Attack(name: "two Hosts", bytes: "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
        Attack(name: "a list in Host", bytes: "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n"),
        Attack(name: "no Host", bytes: "GET / HTTP/1.1\r\nX: y\r\n\r\n"),
        Attack(name: "a NUL in a value", bytes: "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\nY: c\r\n\r\n"),
        Attack(name: "a NUL in the last value", bytes: "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n"),
        Attack(name: "a NUL in a name", bytes: "GET / HTTP/1.1\r\nHost: x\r\nX\0Y: a\r\n\r\n"),
        Attack(
            name: "a field hidden behind a NUL",
            bytes: "POST / HTTP/1.1\r\nHost: x\r\nX: y\0Content-Length: 5\r\n\r\nhello"),
        Attack(name: "a control byte in a value", bytes: "GET / HTTP/1.1\r\nHost: x\r\nX: a\u{1}b\r\n\r\n"),
        Attack(name: "a bare CR in a value", bytes: "GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n"),
        Attack(name: "a bare LF", bytes: "GET / HTTP/1.1\r\nHost: x\nX: a\r\n\r\n"),
        Attack(name: "a bare LF after the request line", bytes: "GET / HTTP/1.1\nHost: x\r\n\r\n"),
        Attack(name: "a bare LF at the end", bytes: "GET / HTTP/1.1\r\nHost: x\r\n\n"),
        Attack(name: "a folded line", bytes: "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nY: c\r\n\r\n"),
        Attack(name: "a folded last line", bytes: "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n"),
        Attack(name: "a blank before the colon", bytes: "GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello"),
        Attack(name: "a line without a colon", bytes: "GET / HTTP/1.1\r\nHost: x\r\njunk\r\n\r\n"),
        Attack(name: "an empty name", bytes: "GET / HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n"),
        Attack(name: "a name that is no token", bytes: "GET / HTTP/1.1\r\nHost: x\r\nX(Y): a\r\n\r\n"),
        Attack(name: "a blank in the target", bytes: "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "two blanks before the target", bytes: "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "a blank behind the version", bytes: "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"),
        Attack(name: "a NUL in the path", bytes: "GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "a NUL in the query", bytes: "GET /a?b\0c HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "an encoded NUL in the path", bytes: "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "an encoded NUL at the path's end", bytes: "GET /a%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "a control byte in the path", bytes: "GET /a\u{7F} HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "a byte beyond ASCII in the path", bytes: "GET /\u{E9} HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "a byte beyond ASCII in the query", bytes: "GET /?\u{E9} HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "a target that is no path", bytes: "GET a HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "a star", bytes: "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "an authority", bytes: "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "another scheme", bytes: "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "a method that is no token", bytes: "G(T / HTTP/1.1\r\nHost: x\r\n\r\n"),
        Attack(name: "another version", bytes: "GET / HTTP/2.0\r\nHost: x\r\n\r\n", status: 505),
        Attack(name: "a version with junk", bytes: "GET / HTTP/1.1x\r\nHost: x\r\n\r\n"),
        Attack(name: "a version with a NUL", bytes: "GET / HTTP/1.1\0x\r\nHost: x\r\n\r\n"),
    ]

    @Test("What two readers could read differently is refused, and the connection closes", arguments: attacks)
    func refused(attack: Attack) async throws {
        try await withServer(plan: { _ in .respond(.text("reached the handler")) }) { server, handler in
            let client = try RawClient(server.address)
            try client.send(attack.bytes + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
            let reply = try client.receive()
            #expect(reply.status == attack.status, "\(attack.name): \(reply.text)")
            #expect(reply.text != "reached the handler", "\(attack.name)")
            if attack.isRefusedBelow { try client.skipToEnd() }
            #expect(try client.isClosed(), "\(attack.name): \(client.rest)")
            #expect(handler.outcomes(0).allSatisfy { $0.path != "/smuggled" }, "\(attack.name)")
            #expect(try RawClient(server.address).get("/").text == "reached the handler")
        }
    }

    @Test(
        "What is only unusual is understood",
        arguments: [
            ("GET / HTTP/1.1\r\nhost:x\r\n\r\n", "/?"),
            ("GET / HTTP/1.1\r\nHost:   x  \r\nX:\r\nY: \t \r\n\r\n", "/?"),
            ("GET http://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n", "/a?b"),
            ("GET https://x:5/a HTTP/1.1\r\nHost: x:5\r\n\r\n", "/a?"),
            ("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "/p?"),
            ("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 003\r\n\r\nabc", "/p?"),
            ("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "/p?"),
            ("GET /?a=%00&+%zz HTTP/1.1\r\nHost: [::1]:80\r\nCookie: a=b; c=d\r\nZ: \u{E9}\r\n\r\n", "/?a=%00&+%zz"),
            ("\r\nGET /%2f/../%2e HTTP/1.1\r\nHost:\r\n\r\n", "/%2f/../%2e?"),
        ])
    func understood(request: String, expected: String) async throws {
        try await withServer(plan: { .respond(.text($0.rawPath + "?" + $0.rawQuery)) }) { server, _ in
            let client = try RawClient(server.address)
            try client.send(request)
            let reply = try client.receive()
            #expect(reply.status == 200)
            // A chunked body that nobody asked for costs the connection.
            if reply.field("Connection") != "close" { #expect(try client.get("/next").text == "/next?") }
            #expect(reply.text == expected)
        }
    }
}
