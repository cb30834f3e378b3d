import HTTPMessage
import Testing

@Suite struct RangeTests {
    @Test(
        "A single range inside the representation is a part",
        arguments: [
            ("bytes=0-9", Int64(300), Int64(0)..<10), ("bytes=0-4194303", 300, 0..<300), ("bytes=299-", 300, 299..<300),
            ("bytes=-5", 300, 295..<300), ("bytes=-500", 300, 0..<300), ("BYTES=1-1", 2, 1..<2),
            ("bytes=5-99999999999999999999999", 10, 5..<10), ("bytes=-99999999999999999999999", 10, 0..<10),
            ("bytes= 0-0 ", 1, 0..<1), ("bytes=0-9223372036854775807", .max, 0 ..< .max),
        ])
    func part(value: String, length: Int64, bytes: Range<Int64>) {
        #expect(ByteRangeRequest(parsing: value).resolve(length: length) == .part(bytes))
    }

    @Test(
        "Anything malformed, reversed or multiple asks for the whole",
        arguments: [
            "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,3-4", "bytes=0-1,", "octets=0-1",
            "bytes 0-1", "bytes=0-1x", "bytes=0 -1", "bytes=--1", "bytes=+1-2", "bytes=0x0-1", "byte\0=0-1",
        ])
    func whole(value: String) {
        #expect(ByteRangeRequest(parsing: value).resolve(length: 10) == .whole)
        #expect(ByteRangeRequest(parsing: value).isWhole)
    }

    @Test("No Range field asks for the whole")
    func absent() {
        #expect(ByteRangeRequest(parsing: nil).resolve(length: 10) == .whole)
    }

    @Test(
        "A range that holds no byte is unsatisfiable",
        arguments: [
            ("bytes=10-", Int64(10)), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=0-0", 0),
            ("bytes=99999999999999999999-", .max), ("bytes=-0", 0),
        ])
    func unsatisfiable(value: String, length: Int64) {
        #expect(ByteRangeRequest(parsing: value).resolve(length: length) == .unsatisfiable)
    }

    @Test("The last bytes of nothing are the whole of it")
    func suffixOfNothing() {
        #expect(ByteRangeRequest(parsing: "bytes=-5").resolve(length: 0) == .whole)
    }

    @Test("An upload range includes both ends")
    func uploadRange() throws {
        #expect(UploadRange(parsing: "0-0")?.bytes == 0..<1)
        #expect(UploadRange(parsing: "10-19")?.bytes == 10..<20)
        #expect(try #require(UploadRange(10..<20)).fieldValue == "10-19")
        #expect(UploadRange(5..<5) == nil)
        #expect(UploadRange(-1..<5) == nil)
    }

    @Test(
        "A malformed upload range is none",
        arguments: [
            "", "-", "0-", "-1", "5-4", "bytes 0-1", "bytes=0-1", "0-1/2", " 0-1", "0-1 ", "0-9223372036854775807",
            "0-99999999999999999999", "1-2-3",
        ])
    func badUploadRange(value: String) {
        #expect(UploadRange(parsing: value) == nil)
    }

    @Test(
        "A content range is written as it is read",
        arguments: [
            ("bytes 0-9/300", ContentRange.part(0..<10, length: 300)), ("bytes 5-5/*", .part(5..<6, length: nil)),
            ("bytes */300", .unsatisfiable(length: 300)), ("bytes */0", .unsatisfiable(length: 0)),
        ])
    func contentRange(text: String, value: ContentRange) {
        #expect(ContentRange(parsing: text) == value)
        #expect(value.fieldValue == text)
    }

    @Test(
        "A content range that contradicts itself is none",
        arguments: ["bytes 0-9/9", "bytes 9-0/300", "bytes */*", "bytes 0-9", "bytes 0-9/", "bytes 0-9/ 10", "0-9/10"])
    func badContentRange(text: String) {
        #expect(ContentRange(parsing: text) == nil)
    }
}
