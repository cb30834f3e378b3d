import HTTPMessage
import Testing

@Suite struct AcceptEncodingTests {
    @Test(
        "gzip is taken when it is named or stood for, with a weight above zero",
        arguments: [
            ("gzip", true), ("GZIP", true), ("x-gzip", true), ("br, gzip;q=0.5", true), ("*", true),
            ("br;q=1.0, *", true),
            ("gzip;q=0", false), ("gzip; q=0.000", false), ("*, gzip;q=0", false), ("*;q=0", false), ("br", false),
            ("identity", false), ("", false), (",;,", false),
        ])
    func gzip(value: String, isTaken: Bool) {
        #expect(AcceptEncoding(parsing: value).acceptsGzip == isTaken)
    }

    @Test("Without the field nothing is compressed") func absent() {
        #expect(!AcceptEncoding(parsing: nil).acceptsGzip)
    }
}
