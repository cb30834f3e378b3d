import OCIModel
import Testing

@Suite("Numbers and escapes are written as Go writes them") struct JSONNumberTests {
    @Test(
        "A number",
        arguments: [
            (1.5, "1.5"), (1.5e-7, "1.5e-7"), (1e-6, "0.000001"), (0.1, "0.1"), (-2.25, "-2.25"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"), (1.25e30, "1.25e+30"), (-0.0, "-0"), (3.0, "3"), (123_456.789, "123456.789"),
            (Double.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        ])
    func number(_ value: Double, _ text: String) throws {
        #expect(JSONValue.number(value).description(.go) == text)
    }

    @Test("What JSON cannot say is null") func notNumbers() {
        #expect(JSONValue.number(.infinity).description() == "null")
        #expect(JSONValue.number(.nan).description() == "null")
    }

    @Test("Control characters and markup") func escapes() {
        #expect(
            JSONValue.string("\u{8}\u{C}\u{1}\n<&>\u{2028}").description(.go)
                == #""\b\f\u0001\n\u003c\u0026\u003e\u2028""#)
        #expect(JSONValue.string("<&>").description() == #""<&>""#)
    }
}
