import OCIModel
import TestSupport
import Testing

func parse(_ text: String) throws(OCIParseError) -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

@Suite struct JSONTests {
    @Test("Values of every kind") func kinds() throws {
        #expect(try parse("null") == .null)
        #expect(try parse(" \t\r\n true ").bool == true)
        #expect(try parse("false").bool == false)
        #expect(try parse(#""a""#).string == "a")
        #expect(try parse("[]").array?.isEmpty == true)
        #expect(try parse("[ 1 , 2 ]") == .array([.integer(1), .integer(2)]))
        #expect(try parse("{}").members?.isEmpty == true)
        #expect(try parse(#"{ "a" : { "b" : [ null ] } }"#)["a"]?["b"] == .array([.null]))
        #expect(try parse("1").string == nil)
        #expect(try parse("[1]")["a"] == nil)
    }

    @Test(
        "Whole numbers that fit are integers, all others numbers",
        arguments: [
            ("0", JSONValue.integer(0)), ("-1", .integer(-1)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("123456789012345678901234567890", .number(123_456_789_012_345_677_877_719_597_056)), ("1.5", .number(1.5)),
            ("1e2", .number(100)), ("1E+2", .number(100)), ("25e-1", .number(2.5)), ("0.1e-400", .number(0)),
            ("1e308", .number(1e308)),
        ])
    func numbers(text: String, value: JSONValue) throws {
        let parsed = try parse(text)
        #expect(parsed == value)
        if case .number = value {
            #expect(parsed.integer == nil)
        } else {
            #expect(parsed.integer != nil)
        }
    }

    @Test("A fraction or exponent is no integer, even when it is whole") func notIntegers() throws {
        for text in ["1.0", "1e0", "100e-2", "-0.0"] { #expect(try parse(text).integer == nil) }
    }

    @Test(
        "What is not JSON",
        arguments: [
            "", " ", "nul", "nulls", "True", "tru", "'a'", "\"a", "\"", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]",
            "{",
            "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "1 2", "1,", "{}x", "// a\n1", "/* */1", "NaN", "Infinity", "-Infinity", "+1", "-", "01", "-01", "00", "1.",
            ".1",
            "1.e1", "1e", "1e+", "0x1", "1_000", "1e309", "-1e309", "1e999999999", "\u{FEFF}1", "\"\t\"", "\"\n\"",
            "\"\0\"",
            #""\x""#, #""\u12""#, #""\u12G4""#, #""\u""#, #""\ud83d\u12""#, #""\"#, "\"\u{1F}\"", "[\u{A0}1]", "\0",
            "1\0",
        ])
    func refused(text: String) {
        let error = #expect(throws: OCIParseError.self) { try parse(text) }
        #expect(error?.description.hasPrefix("invalid JSON at byte ") == true)
    }

    @Test(
        "Bytes that are not UTF-8",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5],
            [0xFF], [0xC3], [0xE2, 0x82],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        let quote = [UInt8(ascii: "\"")]
        #expect(throws: OCIParseError.self) { try JSONValue(parsing: quote + bytes + quote) }
        #expect(throws: OCIParseError.self) { try JSONValue(parsing: bytes) }
        #expect(throws: OCIParseError.self) {
            try JSONValue(parsing: Array("{\"".utf8) + bytes + Array("\":1}".utf8))
        }
    }

    @Test(
        "Escapes are read as Go reads them",
        arguments: [
            (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"), (#"\u0041\u00e9\u00E9"#, "Aéé"), (#"\u0000"#, "\0"),
            (#"\ud83e\uddad"#, "🦭"), (#"\uD83E\uDDAD"#, "🦭"), (#"\ud83e"#, "\u{FFFD}"), (#"\uddad"#, "\u{FFFD}"),
            (#"\ud83ex"#, "\u{FFFD}x"), (#"\ud83e\n"#, "\u{FFFD}\n"), (#"\ud83e\u0041"#, "\u{FFFD}A"),
            (#"\ud83e\ud83e\uddad"#, "\u{FFFD}🦭"), (#"\uddad\ud83e"#, "\u{FFFD}\u{FFFD}"), (#"\uffff"#, "\u{FFFF}"),
            (#"\udbff\udfff"#, "\u{10FFFF}"),
        ])
    func escapes(written: String, text: String) throws {
        #expect(try parse("\"" + written + "\"").string == text)
        #expect(try parse("{\"" + written + "\":1}").members?.first?.0 == text)
    }

    @Test("The last of two members of a name counts, and both are kept") func duplicates() throws {
        let value = try parse(#"{"a":1,"b":2,"a":3}"#)
        #expect(value["a"] == .integer(3))
        #expect(value.members?.count == 3)
        #expect(value.description() == #"{"a":1,"b":2,"a":3}"#)
        #expect(try parse(#"{"a":"x","a":"y"}"#).stringMap == ["a": "y"])
        #expect(try parse(#"{"a":"x","a":1}"#).stringMap == nil)
    }

    @Test("Names that look alike but are other letters are other names") func lookAlikes() throws {
        let value = try parse("{\"e\\u0301\":1,\"é\":2}")
        #expect(value.members?.count == 2)
        #expect(value.members?.map { Array($0.0.utf8).count } == [3, 2])
    }

    @Test("Nesting is bounded, however long the text") func depth() throws {
        #expect(try parse(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)).array != nil)
        for opening in ["[", "{\"a\":"] {
            let bytes = Array(String(repeating: opening, count: 4 << 20).utf8)
            let error = #expect(throws: OCIParseError.self) { try JSONValue(parsing: bytes) }
            #expect(error?.description.contains("deeper than 64") == true)
        }
        #expect(throws: OCIParseError.self) { try JSONValue(parsing: Array("[[]]".utf8), maximumDepth: 1) }
        #expect(throws: OCIParseError.self) { try JSONValue(parsing: Array("1".utf8), maximumDepth: 0) }
    }

    @Test(
        "A MiB of anything is read", arguments: ["[[],[]],", "{\"a\":\"\\u00e9\"},", "1e5,", "\"\","])
    func large(piece: String) throws {
        let count = (1 << 20) / piece.utf8.count
        let bytes = Array(("[" + String(repeating: piece, count: count) + "0]").utf8)
        #expect(try JSONValue(parsing: bytes).array?.count == count + 1)
    }

    @Test("A number is equal to itself however it is written, and to no other") func equality() throws {
        #expect(try parse("1.0") == parse("1"))
        #expect(try parse("1") == parse("10e-1"))
        #expect(try parse("-0") == parse("0.0"))
        #expect(try parse("9223372036854775807") != parse("9223372036854775808"))
        #expect(try parse("9007199254740993") != parse("9007199254740992.0"))
        #expect(try parse("1.5") != parse("1"))
        #expect(try parse(#"{"a":1,"b":2}"#) != parse(#"{"b":2,"a":1}"#))
        #expect(try parse("[1]") != parse("[1,1]"))
        #expect(try parse("1") != parse("\"1\""))
        #expect(try parse("null") != parse("false"))
    }

    @Test("What is written is read as the same, in every style", arguments: Seeds.some([1, 2, 3]))
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let value = JSONTests.random(depth: 4, &generator)
            for style in [JSONValue.Style.compact, .go, .indented] {
                let text = value.text(style)
                #expect(try JSONValue(parsing: text) == value)
                #expect(try JSONValue(parsing: text).text(style) == text)
            }
        }
    }

    @Test("The indented style is for people") func indented() throws {
        let value = try parse(#"{"a":[],"b":{},"c":[1,{"d":null}]}"#)
        #expect(
            value.description(.indented) == """
                {
                  "a": [],
                  "b": {},
                  "c": [
                    1,
                    {
                      "d": null
                    }
                  ]
                }
                """)
    }

    private static func random(depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(Int64(bitPattern: generator.next()) >> Int.random(in: 0..<64, using: &generator))
        case 3:
            let number = Double(bitPattern: generator.next())
            return .number(number.isFinite ? number : 0.25)
        case 4, 5: return .string(randomText(&generator))
        case 6:
            return .array(
                (0..<Int.random(in: 0..<4, using: &generator)).map { _ in random(depth: depth - 1, &generator) })
        default:
            return .object(
                (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
                    (randomText(&generator), random(depth: depth - 1, &generator))
                })
        }
    }

    private static func randomText(_ generator: inout SeededGenerator) -> String {
        let special: [Unicode.Scalar] = [
            "\"", "\\", "\0", "\u{1F}", "\u{7F}", "<", "&", "\u{2028}", "é", "🦭", "\u{FFFD}", "/",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<6, using: &generator) {
            if Bool.random(using: &generator), let scalar = special.randomElement(using: &generator) {
                text.append(scalar)
            } else if let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &generator)) {
                text.append(scalar)
            }
        }
        return String(text)
    }
}
