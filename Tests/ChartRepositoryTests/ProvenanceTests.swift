import ChartRepository
import Content
import HelmModel
import TestSupport
import Testing

@Suite struct ProvenanceTests {
    private let text = "-----BEGIN PGP SIGNED MESSAGE-----\n"

    @Test("Provenance lies beside the archive, behind the path of its URL")
    func beside() async throws {
        let server = try ScriptedServer([
            "GET /charts/room-1.0.0.tgz.prov?token=t": [ScriptedReply(200, text: text)]
        ])
        let bytes = try await repository(server.url + "?token=t").provenance(of: .room())
        #expect(bytes == Array(text.utf8))
    }

    @Test("None is no error", arguments: [404, 410])
    func none(status: Int) async throws {
        let server = try ScriptedServer { _ in ScriptedReply(status) }
        #expect(try await repository(server.url).provenance(of: .room(["oci://x/y:1", "a", "b"])) == nil)
        #expect(server.lines == ["GET /a.prov", "GET /b.prov"])
        #expect(try await repository(server.url).provenance(of: .room([])) == nil)
    }

    @Test("The second URL may have it")
    func second() async throws {
        let server = try ScriptedServer([
            "GET /a.prov": [ScriptedReply(500)], "GET /b.prov": [ScriptedReply(200, text: text)],
        ])
        #expect(try await repository(server.url).provenance(of: .room(["a", "b"])) == Array(text.utf8))
    }

    @Test("Failures are told from its absence", arguments: [(401, 401), (403, 403), (500, 502)])
    func failures(status: Int, meaning: Int) async throws {
        let server = try ScriptedServer { _ in ScriptedReply(status) }
        let error = await failure { _ = try await repository(server.url).provenance(of: .room()) }
        #expect(error?.httpStatus == meaning)
        #expect(error?.message.contains("the provenance of chart room 1.0.0 of \(server.url)") == true)
    }

    @Test("More than a mebibyte is refused, announced or not", arguments: [true, false])
    func tooLarge(isAnnounced: Bool) async throws {
        let body = [UInt8](repeating: 0x2D, count: (1 << 20) + 1)
        let server = try ScriptedServer { _ in
            isAnnounced
                ? ScriptedReply(200, body: body)
                : ScriptedReply([.send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + body), .close])
        }
        let error = await failure { _ = try await repository(server.url).provenance(of: .room()) }
        #expect(error?.httpStatus == 413)
    }

    @Test("A body that breaks off is asked for again")
    func cut() async throws {
        let server = try ScriptedServer([
            "GET /charts/room-1.0.0.tgz.prov": [
                .lying(length: 100, body: Array("half".utf8)), ScriptedReply(200, text: text),
            ]
        ])
        #expect(try await repository(server.url).provenance(of: .room()) == Array(text.utf8))
    }
}
