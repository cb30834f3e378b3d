import Content
import OCIModel
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct FailureMappingTests {
    private let name = RepositoryName.named("a/b")

    private func error(_ reply: ScriptedReply) async throws -> ContentError? {
        let server = try ScriptedServer { _ in reply }
        let registry = try server.registry { $0.retry = .never }
        return await failure { _ = try await registry.manifest(.tag(Tag(parsing: "1")), in: name) }
    }

    @Test("Every code of the specification has its error, with the registry's message")
    func codes() async throws {
        for code in OCIErrorCode.allCases {
            let status = code == .unauthorized ? 401 : code == .denied ? 403 : 400
            let error = try await error(.error(status, code.rawValue, "because of \(code.rawValue)"))
            #expect(error?.code == code || (code == .tooManyRequests && error?.code == .tooManyRequests))
            #expect(error?.message.contains("because of \(code.rawValue)") == true)
        }
    }

    @Test(
        "Without a code the status decides",
        arguments: [
            (401, 401), (403, 403), (404, 404), (405, 405), (413, 413), (429, 429), (500, 502), (502, 502), (503, 502),
            (507, 507), (400, 400), (418, 400),
        ])
    func statuses(status: Int, mapped: Int) async throws {
        #expect(try await error(ScriptedReply(status, text: "<html>no</html>"))?.httpStatus == mapped)
        #expect(try await error(.error(status, "SOMETHING_ELSE"))?.httpStatus == mapped)
    }

    @Test("A bare 404 is about what was asked for")
    func bareNotFound() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(404) }
        let registry = try server.registry()
        let digest = Digest(of: [1])
        #expect(await failure { _ = try await registry.blobSize(digest, in: name) }?.isUnknown("blob") == true)
        #expect(
            await failure { _ = try await registry.manifest(.digest(digest), in: name) }?.isUnknown("manifest") == true)
        #expect(
            await failure { _ = try await registry.tags(in: name, PageRequest(limit: 1)) }?.isUnknown("name") == true)
    }

    @Test("Messages from outside are bounded and hold no control characters")
    func bounded() async throws {
        let long = String(repeating: "x", count: 5000)
        let message = try #require(try await error(.error(400, "DENIED", #"a\n\u001b[31m"# + long))?.message)
        #expect(message.count < 500)
        #expect(!message.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test("An error body that is too large, cut or nested is no harm")
    func hostileBodies() async throws {
        let nested = String(repeating: "[", count: 50_000)
        for reply in [
            ScriptedReply(404, text: String(repeating: " ", count: 200_000)), ScriptedReply(404, text: nested),
            ScriptedReply([.send(Array("HTTP/1.1 404 No\r\nContent-Length: 100\r\n\r\n{".utf8)), .close]),
            ScriptedReply(404, text: #"{"errors":{"code":7}}"#), ScriptedReply(404, text: #"{"errors":[null,7]}"#),
        ] {
            let error = try await error(reply)
            #expect(error?.isUnknown("manifest") == true)
        }
    }

    @Test(
        "Missing digests are found wherever registries put them",
        arguments: [
            #""D""#, #"{"digest":"D"}"#, #"{"Digest":"D"}"#, #"[{"digest":"D"},{"digest":"D"},"D","x",null]"#,
        ])
    func missingDigests(detail: String) async throws {
        let digest = Digest(of: [1])
        let error = try await error(
            .error(404, "MANIFEST_BLOB_UNKNOWN", detail: detail.replacing("\"D\"", with: "\"\(digest)\"")))
        guard case .referencesMissing(_, [digest]) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}

extension ContentError {
    fileprivate func isUnknown(_ what: String) -> Bool {
        switch self {
        case .blobUnknown: what == "blob"
        case .manifestUnknown: what == "manifest"
        case .nameUnknown: what == "name"
        default: false
        }
    }
}
