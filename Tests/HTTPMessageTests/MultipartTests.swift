import HTTPMessage
import TestSupport
import Testing

/// What a body reads as, with the data of each part joined.
private func read(_ body: [UInt8], _ boundary: String, pieces: [Int] = []) throws -> [MultipartEvent] {
    var parser = MultipartParser(try #require(MultipartBoundary(boundary)))
    var events: [MultipartEvent] = []
    var start = 0
    for end in pieces + [body.count] {
        for event in try parser.parse(Array(body[start..<end])) {
            if case .data(let more) = event, case .data(let known)? = events.last {
                events[events.count - 1] = .data(known + more)
            } else {
                events.append(event)
            }
        }
        start = end
    }
    try parser.finish()
    return events
}

private func read(_ body: String, _ boundary: String) throws -> [MultipartEvent] {
    try read(Array(body.utf8), boundary)
}

private func form(_ name: String, _ data: String, file: String? = nil) -> [MultipartEvent] {
    [.part(MultipartPart(name: name, fileName: file))] + (data.isEmpty ? [] : [.data(Array(data.utf8))]) + [.partEnd]
}

@Suite("Multipart bodies") struct MultipartTests {
    /// As curl 7.88 sends `-F chart=@demo-1.0.0.tgz -F prov=@demo-1.0.0.tgz.prov`.
    private static let curl = """
        --------------------------d74496d66958873e\r
        Content-Disposition: form-data; name="chart"; filename="demo-1.0.0.tgz"\r
        Content-Type: application/octet-stream\r
        \r
        \u{1F}\u{8B}one\r
        two\r
        --------------------------d74496d66958873e\r
        Content-Disposition: form-data; name="prov"; filename="demo-1.0.0.tgz.prov"\r
        Content-Type: application/octet-stream\r
        \r
        signed\r
        --------------------------d74496d66958873e--\r

        """
    private static let curlBoundary = "------------------------d74496d66958873e"
    private static let curlEvents =
        form("chart", "\u{1F}\u{8B}one\r\ntwo", file: "demo-1.0.0.tgz")
        + form("prov", "signed", file: "demo-1.0.0.tgz.prov") + [.end]

    @Test("What curl sends is read") func curl() throws {
        #expect(try read(MultipartTests.curl, MultipartTests.curlBoundary) == MultipartTests.curlEvents)
    }

    @Test("Cut anywhere, once or twice, a body reads the same") func splits() throws {
        let body = Array(MultipartTests.curl.utf8)
        for first in 0...body.count {
            let events = try read(body, MultipartTests.curlBoundary, pieces: [first])
            #expect(events == MultipartTests.curlEvents, "cut at \(first)")
        }
        #expect(
            try read(body, MultipartTests.curlBoundary, pieces: Array(0..<body.count)) == MultipartTests.curlEvents)
    }

    @Test("Data full of what looks like a boundary comes out as it went in", arguments: Seeds.some())
    func hostileData(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("\r\n-ab".utf8)
        for _ in 0..<200 {
            var data = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            // A sender picks a boundary that is not in its data.
            if String(decoding: data, as: UTF8.self).contains("--abab") { data = [] }
            let body = Array("--abab\r\n\r\n".utf8) + data + Array("\r\n--abab--".utf8)
            let cuts = (0..<3).map { _ in Int.random(in: 0...body.count, using: &random) }.sorted()
            let expected: [MultipartEvent] =
                [.part(MultipartPart(name: nil))] + (data.isEmpty ? [] : [.data(data)]) + [.partEnd, .end]
            #expect(try read(body, "abab", pieces: cuts) == expected, "seed \(seed)")
        }
    }

    @Test("What Go's mime/multipart writes is read, escapes in names too") func go() throws {
        let body =
            "--b1\r\nContent-Disposition: form-data; name=\"force\"\r\n\r\ntrue\r\n--b1\r\n"
            + "Content-Disposition: form-data; name=\"a\\\"b\"; filename=\"c\\\\d\"\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n\r\n--b1--\r\n"
        #expect(try read(body, "b1") == form("force", "true") + form("a\"b", "", file: "c\\d") + [.end])
    }

    @Test("Preamble, epilogue, blanks behind a boundary and parts without a header are allowed") func lenient() throws {
        let body = "skip\r\n--bx\r\nthis\r\n--b \t\r\n\r\none\r\n--bc\r\n--b-x\r\n--b\r\n\r\n--b--\r\n--b\r\nskip"
        #expect(
            try read(body, "b") == [
                .part(MultipartPart(name: nil)), .data(Array("one\r\n--bc\r\n--b-x".utf8)), .partEnd,
                .part(MultipartPart(name: nil)), .partEnd, .end,
            ])
        #expect(try read("--b--", "b") == [.end])
    }

    @Test(
        "What is no multipart body is refused",
        arguments: [
            ("", MultipartError.truncated), ("text", .truncated), ("--b\r\n", .truncated),
            ("--b\r\n\r\ndata", .truncated),
            ("--b\r\n\r\ndata\r\n--b", .truncated), ("--b\r\n\r\ndata\r\n--b-", .truncated), ("--b\rx", .malformed),
            ("--b \tx", .malformed), ("--b\r\nno colon\r\n\r\n", .malformed), ("--b\r\n folded: x\r\n\r\n", .malformed),
            ("--b\r\nA: b\nC: d\r\n\r\n", .malformed), ("--b\r\nContent-Disposition:\r\n\r\n", .malformed),
            ("--b\r\nA: " + String(repeating: "x", count: 9000) + "\r\n\r\n", .headerTooLong),
            (String(repeating: "--b\r\n\r\nx\r\n", count: 17) + "--b--", .tooManyParts),
        ])
    func refused(body: String, error: MultipartError) {
        #expect(throws: error) { try read(body, "b") }
        #expect(!error.description.isEmpty)
    }

    @Test("A header that is not UTF-8 is refused") func encoding() {
        #expect(throws: MultipartError.malformed) {
            try read(Array("--b\r\nA: ".utf8) + [0xFF] + Array("\r\n\r\nx\r\n--b--".utf8), "b")
        }
    }

    @Test(
        "The boundary is found in the Content-Type, quoted or not",
        arguments: [
            ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data;BOUNDARY=\"a b=c\"", "a b=c"),
            ("multipart/form-data; charset=utf-8; boundary=----=_Part_1/2.3 ; x=y", "----=_Part_1/2.3"),
            ("multipart/form-data", nil), ("multipart/form-data; boundary=", nil),
            ("application/gzip; boundary=a", nil),
            ("multipart/form-data; boundary=\"a \"", nil), ("multipart/form-data; boundary=\"a\u{e4}\"", nil),
            ("multipart/form-data; boundary=\"open", nil), ("multipart; boundary=a", nil),
            ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), nil),
        ])
    func boundaries(contentType: String, text: String?) {
        #expect(MultipartBoundary(contentType: contentType)?.text == text)
    }

    @Test("Only form data is a form") func forms() {
        #expect(MultipartBoundary.isForm(contentType: "multipart/form-data"))
        #expect(MultipartBoundary.isForm(contentType: " Multipart/FORM-data; boundary=x"))
        for other in ["multipart/mixed", "application/gzip", "", "multipart", "form-data"] {
            #expect(!MultipartBoundary.isForm(contentType: other), "\(other)")
        }
    }
}
