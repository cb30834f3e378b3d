import HTTPMessage
import Testing

@Suite struct TargetTests {
    @Test(
        "Escapes are undone once, and a plus stays a plus",
        arguments: [
            ("", ""), ("abc", "abc"), ("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("1.0+build", "1.0+build"),
            ("%25%32", "%2"), ("%C3%A9", "\u{E9}"), ("%2B", "+"),
        ])
    func decode(text: String, expected: String) {
        #expect(PercentEncoding.decode(text) == expected)
        #expect(PercentEncoding.decode(Substring(text)) == expected)
    }

    @Test(
        "Broken escapes, NUL and bytes that are not UTF-8 do not decode",
        arguments: ["%", "%2", "%zz", "a%2", "%00", "a\0b", "%C3", "%FF", "%ED%A0%80", "%C0%AF"])
    func undecodable(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test(
        "What is encoded decodes to itself", arguments: ["", "a/b c", "%", "+&=#?;:@", "\u{E9}\u{1F600}", "\n\u{7F}"])
    func roundTrip(text: String) throws {
        for encoded in [PercentEncoding.encodePathSegment(text), PercentEncoding.encodeQueryValue(text)] {
            #expect(PercentEncoding.decode(encoded) == text)
            #expect(encoded.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x23 && $0 != 0x3F })
        }
    }

    @Test("A path segment keeps what a path may hold, a query value escapes what separates items")
    func encode() {
        #expect(PercentEncoding.encodePathSegment("a/b+c:d") == "a%2Fb+c:d")
        #expect(PercentEncoding.encodeQueryValue("a/b+c&d=e:f") == "a/b%2Bc%26d%3De:f")
    }

    @Test("Query items keep their order, their plus signs and their repetitions")
    func queryItems() throws {
        let query = try #require(QueryItems(parsing: "n=10&&last=a%2Fb&flag&v=1.0+x=y&n=20&="))
        #expect(query.items.map(\.name) == ["n", "last", "flag", "v", "n", ""])
        #expect(query.items.map(\.value) == ["10", "a/b", "", "1.0+x=y", "20", ""])
        #expect(query.first("n") == "10")
        #expect(query.all("n") == ["10", "20"])
        #expect(query.first("N") == nil)
        #expect(QueryItems(parsing: "")?.items.isEmpty == true)
    }

    @Test("A query with a broken escape or too many items is refused")
    func badQuery() {
        #expect(QueryItems(parsing: "a=%zz") == nil)
        #expect(QueryItems(parsing: "%00=a") == nil)
        #expect(QueryItems(parsing: String(repeating: "a&", count: QueryItems.maximumCount)) != nil)
        #expect(QueryItems(parsing: String(repeating: "a&", count: QueryItems.maximumCount + 1)) == nil)
    }

    @Test("The next link is found whatever stands around it")
    func link() {
        let target = "/v2/_catalog?last=b&n=2"
        #expect(Link.next(target) == "</v2/_catalog?last=b&n=2>; rel=\"next\"")
        #expect(Link.next(in: Link.next(target)) == target)
        #expect(Link.next(in: "</a>;rel=prev, </b> ; title=\"x, y\"; REL=\"last Next\", </c>;rel=next") == "/b")
        #expect(Link.next(in: "</a>; rel=prev; rel=next") == nil)
        #expect(Link.next(in: "</a>; rel") == nil)
        #expect(Link.next(in: "</a>;;rel=next;") == "/a")
        #expect(Link.next(in: nil) == nil)
        for broken in ["", "<", "</a", "/a; rel=next", "</a> rel=next", "</a>; rel=\"next", "</a>;rel=;"] {
            #expect(Link.next(in: broken) == nil)
        }
    }

    @Test("A link's target cannot end the link or the line")
    func linkInjection() {
        #expect(Link.next("/a>\r\nX: y\u{E9}") == "</a%3E%0D%0AX:%20y%C3%A9>; rel=\"next\"")
    }
}
