import Testing
import YAML

@Suite struct YAMLScalarTests {
    @Test(
        "Plain scalars mean what Go's YAML library takes them for",
        arguments: [
            ("", .null), ("~", .null), ("null", .null), ("NULL", .null), ("nUll", .string("nUll")),
            ("true", .bool(true)), ("yes", .bool(true)), ("On", .bool(true)), ("y", .bool(true)),
            ("False", .bool(false)), ("off", .bool(false)), ("N", .bool(false)), ("tRue", .string("tRue")),
            ("0", .integer(0)), ("-0", .integer(0)), ("+7", .integer(7)), ("1_000", .integer(1000)),
            ("010", .integer(8)), ("0o17", .integer(15)), ("0x1F", .integer(31)), ("-0b101", .integer(-5)),
            ("08", .number(8)), ("0x", .string("0x")), ("0x+1", .string("0x+1")), ("--1", .string("--1")),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .unsigned(9_223_372_036_854_775_808)),
            ("+9223372036854775808", .number(9223372036854775808)),
            ("18446744073709551616", .number(18446744073709551616)),
            ("1.10", .number(1.1)), (".5", .number(0.5)), ("5.", .number(5)), ("-1e3", .number(-1000)),
            ("1e999", .string("1e999")), ("1.2.3", .string("1.2.3")), (".", .string(".")), ("-", .string("-")),
            ("1e", .string("1e")), ("+", .string("+")), (".inf", .number(.infinity)), ("-.INF", .number(-.infinity)),
            ("inf", .string("inf")), ("infinity", .string("infinity")), ("0x1p4", .string("0x1p4")),
            ("2026-01-02", .string("2026-01-02")), ("1:30", .string("1:30")), ("v1", .string("v1")),
        ] as [(String, YAMLScalar)])
    func plain(text: String, meaning: YAMLScalar) {
        #expect(YAMLScalar(plain: text) == meaning)
    }

    @Test("Quotes, blocks and tags decide whether a scalar is text")
    func styles() throws {
        let root = try #require(
            try parse("a: 'true'\nb: \"1\"\nc: |-\n  1\nd: !!str 1\ne: !!int '1'\nf: !custom 1\ng: 1\nh: ~\ni: [1]"))
        for key in ["a", "b", "c", "d", "f"] {
            #expect(root[key]?.integer == nil)
            #expect(root[key]?.bool == nil)
            #expect(root[key]?.string != nil)
        }
        #expect(root["e"]?.integer == 1)
        #expect(root["g"]?.integer == 1)
        #expect(root["g"]?.string == "1")
        #expect(root["h"]?.isNull == true)
        #expect(root["h"]?.string == nil)
        #expect(root["h"]?.text == "~")
        #expect(root["i"]?.value == nil)
        #expect(root["i"]?.isNull == false)
        #expect(root["nothing"] == nil)
        #expect(root["g"]?["g"] == nil)
    }
}
