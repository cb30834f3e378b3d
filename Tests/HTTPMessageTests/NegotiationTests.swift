import HTTPMessage
import Testing

@Suite struct NegotiationTests {
    @Test("An entity tag matches by weak comparison, by a star and without quotes")
    func entityTag() {
        let tag = EntityTag("sha256:abc")
        #expect(tag.fieldValue == "\"sha256:abc\"")
        #expect(EntityTag("a", isWeak: true).fieldValue == "W/\"a\"")
        for value in [
            "\"sha256:abc\"", "W/\"sha256:abc\"", "*", "\"x\", \"sha256:abc\"", "sha256:abc", "x , W/\"sha256:abc\"",
            "\"a,b\",\"sha256:abc\"",
        ] {
            #expect(tag.matches(ifNoneMatch: value), "\(value)")
        }
        for value in ["", ",", "\"sha256:ab\"", "\"*\"", "\"sha256:abc", "w/\"x\"", "\"x,sha256:abc\"", "W/sha256:abc"]
        {
            #expect(!tag.matches(ifNoneMatch: value), "\(value)")
        }
        #expect(!tag.matches(ifNoneMatch: nil))
    }

    @Test("Without a valid range everything is accepted", arguments: [nil, "", " , ", "nonsense", "a/b;q=2"])
    func acceptsAll(value: String?) {
        #expect(AcceptHeader(parsing: value).accepts("application/json"))
        #expect(!AcceptHeader(parsing: value).names("application/json"))
    }

    @Test("The most precise range decides")
    func precision() {
        let accept = AcceptHeader(
            parsing: "text/*;q=0.3, TEXT/html ; level=\"1,2\" ;q=0.7, */*;q=0.5, text/plain;q=0, image/png")
        #expect(accept.quality(of: "text/html") == 700)
        #expect(accept.quality(of: "text/css") == 300)
        #expect(accept.quality(of: "application/json") == 500)
        #expect(accept.quality(of: "image/png") == 1000)
        #expect(!accept.accepts("text/plain"))
        #expect(accept.names("text/html"))
        #expect(!accept.names("text/css"))
    }

    @Test("A list without the type does not accept it")
    func notListed() {
        let accept = AcceptHeader(
            parsing: "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json;q=0.125")
        #expect(accept.accepts("application/vnd.oci.image.manifest.v1+json"))
        #expect(accept.quality(of: "application/vnd.oci.image.manifest.v1+json") == 125)
        #expect(!accept.accepts("application/json"))
        #expect(!AcceptHeader(parsing: "*/json, a/b").accepts("application/json"))
    }

    @Test("Scanning a hostile list takes linear time")
    func linear() {
        let value = "a/b;x=\"" + String(repeating: "\\\"", count: 500_000)
        #expect(!AcceptHeader(parsing: "c/d," + value).accepts("a/b"))
    }

    @Test(
        "A date is written as it is read",
        arguments: [
            (Int64(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (-62_167_219_200, "Sat, 01 Jan 0000 00:00:00 GMT"),
        ])
    func date(seconds: Int64, text: String) {
        #expect(HTTPDate.format(unixSeconds: seconds) == text)
        #expect(HTTPDate.parse(text) == seconds)
    }

    @Test("Seconds far outside the calendar stay inside it")
    func dateEdges() {
        #expect(HTTPDate.format(unixSeconds: .max) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(HTTPDate.format(unixSeconds: .min) == "Sat, 01 Jan 0000 00:00:00 GMT")
    }

    @Test(
        "Other date forms and impossible dates do not parse",
        arguments: [
            "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 30 Feb 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT",
        ])
    func badDate(text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }

    @Test("Header fields compare without case, join and keep their order")
    func fields() {
        var fields = HeaderFields([("A", "1"), ("b", "2")])
        fields.append("a", "3")
        #expect(fields["a"] == "1, 3")
        #expect(fields.values("B") == ["2"])
        #expect(fields["c"] == nil)
        fields.set("A", "9")
        #expect(fields.fields.map(\.value) == ["2", "9"])
        #expect(!HeaderFields.sameName("a@", "a`"))
        #expect(!HeaderFields.sameName("a", "ab"))
    }
}
