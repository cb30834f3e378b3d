import Content
import FrontDoor
import HTTPMessage
import HTTPServer
import ServerSupport
import Testing

@Suite("What a cache found becomes an answer") struct CacheAnswerTests {
    private let bytes = Array("0123456789".utf8)

    private func answer(
        _ found: FoundBlob, _ headers: [(name: String, value: String)] = [], tag: String? = "abc",
        method: HTTPMethod = .get
    ) throws -> Answer {
        let request = FakeRequest(method, "/", headers)
        return Answer(
            try Response.blob(found, tag: tag, type: "a/b", headers: [("X-Own", "1")], for: request),
            isHead: method == .head)
    }

    @Test(
        "A blob on its way is answered as a whole one is",
        arguments: [
            ([], 200, "0123456789"), ([("Range", "bytes=2-4")], 206, "234"), ([("Range", "bytes=-3")], 206, "789"),
            ([("Range", "bytes=8-")], 206, "89"), ([("If-None-Match", "\"abc\"")], 304, ""),
            ([("Range", "bytes=2-4"), ("If-Range", "\"abc\"")], 206, "234"),
            ([("Range", "bytes=2-4"), ("If-Range", "\"other\"")], 200, "0123456789"),
        ] as [([(name: String, value: String)], Int, String)])
    func same(headers: [(name: String, value: String)], status: Int, text: String) throws {
        let coming = ComingBlob(size: bytes.count)
        coming.append(bytes)
        let growing = try answer(coming.found, headers)
        #expect(growing.status == status && growing.text == text)
        let whole = try answer(.whole(FakeBlob(bytes)), headers)
        #expect(growing.headerText == whole.headerText && whole.text == text && whole.status == status)
        #expect(growing["ETag"] == "\"abc\"" && growing["X-Own"] == "1")
    }

    @Test("The range and length of a blob are known before its bytes are")
    func unseen() throws {
        let coming = ComingBlob(size: 10)
        coming.append(bytes.prefix(5))
        let answer = try answer(coming.found, [("Range", "bytes=-6")])
        #expect(answer["Content-Range"] == "bytes 4-9/10" && answer.text == "4")
        #expect(throws: ContentError.self) { try self.answer(coming.found, [("Range", "bytes=10-")]) }
        let head = try self.answer(coming.found, [("Range", "bytes=2-4")], method: .head)
        #expect(head.status == 200)
    }

    @Test("Without a tag nothing is said of its identity and no condition is met")
    func untagged() throws {
        let coming = ComingBlob(size: bytes.count)
        coming.append(bytes)
        let answer = try answer(coming.found, [("If-None-Match", "*")], tag: nil)
        #expect(answer.status == 200 && answer["ETag"] == nil)
        #expect(try self.answer(coming.found, [("Range", "bytes=1-2"), ("If-Range", "\"\"")], tag: nil).status == 200)
    }

    private func noted(_ note: CacheNote, _ status: HTTPStatus = .ok) -> Answer {
        Answer(Response(status, headers: [("X-Own", "1")]).noted(note))
    }

    @Test("Age and warnings are header fields, also of a 304")
    func note() {
        let note = CacheNote(
            age: 42, warnings: [.stale, .revalidationFailed("timed out"), .disconnected, .note("the tag is gone")])
        for status in [HTTPStatus.ok, .notModified] {
            let answer = noted(note, status)
            #expect(answer["Age"] == "42" && answer["X-Own"] == "1")
            #expect(
                answer.all("Warning") == [
                    #"110 - "Response is Stale""#, #"111 - "Revalidation Failed: timed out""#,
                    #"112 - "Disconnected Operation""#, #"299 - "the tag is gone""#,
                ])
        }
        #expect(noted(.none).headerText == "X-Own: 1")
        #expect(noted(CacheNote(age: -3))["Age"] == "0")
    }

    @Test("A warning is a quoted string of printable ASCII, whatever its text is")
    func escaping() {
        let note = CacheNote(warnings: [.note("a \"b\" \\ c\r\nX-Evil: 1 \u{7F} é€😀"), .revalidationFailed("")])
        #expect(
            noted(note).all("Warning") == [
                #"299 - "a \"b\" \\ c??X-Evil: 1 ? ???""#, #"111 - "Revalidation Failed""#,
            ])
    }

    @Test("Warnings have at most 4096 bytes together and stay quoted", arguments: ["x", "\"", "é"])
    func limit(text: String) {
        let long = String(repeating: text, count: 3000)
        let values = noted(CacheNote(warnings: [.note(long), .note(long), .note(long)])).all("Warning")
        let total = values.map(\.utf8.count).reduce(0, +)
        #expect(total <= 4096 && total > 4000 && !values.isEmpty)
        for value in values {
            #expect(value.hasPrefix("299 - \"") && value.hasSuffix("\""))
            // Every quote and backslash in it is escaped, so a reader finds its end where it is.
            #expect(value.dropFirst(7).dropLast().replacing("\\\"", with: "").contains("\"") == false)
        }
    }
}
