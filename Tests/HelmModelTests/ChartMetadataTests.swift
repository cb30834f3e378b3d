import HelmModel
import OCIModel
import Testing

/// Metadata from the fields of Chart.yaml as JSON text, laid over a valid minimum.
func metadata(_ fields: String = "", requirements: String? = nil) throws -> ChartMetadata {
    let minimum = #""apiVersion":"v2","name":"x","version":"1.0.0""#
    let chart = try JSONValue(parsing: Array("{\(minimum)\(fields.isEmpty ? "" : ",")\(fields)}".utf8))
    return try ChartMetadata(
        chart: chart, requirements: try requirements.map { try JSONValue(parsing: Array($0.utf8)) })
}

/// The config blob as text, without the three fields that are always there.
func config(_ fields: String, requirements: String? = nil) throws -> String {
    String(decoding: try metadata(fields, requirements: requirements).configJSON, as: UTF8.self)
}

/// What Helm's library v4.3.0 answered to the same Chart.yaml.
@Suite struct ChartMetadataTests {
    @Test("Fields are written in Helm's order and empty ones left out")
    func order() throws {
        let all = #"""
            "type":"library","kubeVersion":">=1","tags":"t","condition":"c","icon":"i","keywords":["k"],"home":"h",
            "deprecated":true,"appVersion":"2","description":"d","sources":["s"],"annotations":{"b":"2","a":"1"},
            "maintainers":[{"url":"u","email":"e","name":"n"},{}],
            "dependencies":[{"alias":"al","name":"d","version":"1","repository":"r","condition":"c","tags":["t"],
            "enabled":true,"import-values":[{"parent":"p","child":"c"},"a"]},{}]
            """#
        #expect(
            try config(all)
                == #"{"name":"x","home":"h","sources":["s"],"version":"1.0.0","description":"d","keywords":["k"],"#
                + #""maintainers":[{"name":"n","email":"e","url":"u"},{}],"icon":"i","apiVersion":"v2","condition":"c","#
                + #""tags":"t","appVersion":"2","deprecated":true,"annotations":{"a":"1","b":"2"},"#
                + #""kubeVersion":"\u003e=1","dependencies":[{"name":"d","version":"1","repository":"r","condition":"c","#
                + #""tags":["t"],"enabled":true,"import-values":[{"child":"c","parent":"p"},"a"],"alias":"al"},"#
                + #"{"name":"","repository":""}],"type":"library"}"#)
        #expect(
            try config(
                #""keywords":[],"annotations":{},"maintainers":[],"dependencies":[],"sources":null,"deprecated":false"#)
                == #"{"name":"x","version":"1.0.0","apiVersion":"v2"}"#)
    }

    @Test(
        "Numbers and booleans become the text that Go makes of them",
        arguments: [
            ("1.10", "1.1"), ("1.123456789", "1.1234568"), ("1e6", "1e+06"), ("123456789.5", "1.2345679e+08"),
            ("16", "16"), ("true", "true"), ("0.00001", "1e-05"), ("1e21", "1e+21"), ("100000", "100000"),
            ("1234567.5", "1.2345675e+06"), ("1.5e-7", "1.5e-07"), ("1.23e-18", "1.23e-18"), ("1e39", "+Inf"),
            ("-1e39", "-Inf"), ("3.4028235e38", "3.4028235e+38"), ("1e-50", "0"), ("0.1", "0.1"),
            ("12345678.9", "1.2345679e+07"), ("0.00012345678", "0.00012345678"), ("1.17549435e-38", "1.1754944e-38"),
            ("1e-40", "1e-40"), ("-2.5", "-2.5"), ("0.001", "0.001"), ("100.5", "100.5"),
        ])
    func numbers(written: String, text: String) throws {
        #expect(try metadata("\"appVersion\":\(written)").appVersion == text)
        #expect(try metadata("\"annotations\":{\"a\":\(written)}").annotations == ["a": text])
        #expect(try metadata("\"keywords\":[\(written)]").keywords == [text])
    }

    @Test("Numbers that JSON has not become text too")
    func oddNumbers() throws {
        for (number, text) in [(Double.nan, "NaN"), (.infinity, "+Inf"), (-0.0, "-0"), (16_777_217, "1.6777216e+07")] {
            let chart = JSONValue.object([
                ("name", .string("x")), ("version", .string("1.0.0")), ("appVersion", .number(number)),
            ])
            #expect(try ChartMetadata(chart: chart).appVersion == text)
        }
    }

    @Test("Names of fields are matched without regard to case, exact ones last")
    func letterCase() throws {
        #expect(try metadata(#""Description":"one","HOME":"two""#).description == "one")
        #expect(try metadata(#""Description":"upper","description":"lower""#).description == "lower")
        #expect(try metadata("\"\u{212A}eywords\":[\"a\"],\"Source\u{17F}\":[\"b\"]").keywords == ["a"])
        let dependency = try metadata(#""Dependencies":[{"NAME":"d","Import-Values":["a"],"import-values":["b"]}]"#)
        #expect(dependency.dependencies.first?.importValues == [.string("b")])
    }

    @Test("Texts are cleaned; annotations are not")
    func cleaning() throws {
        let text = #"a\tb\nc\u0007d\u00a0e\u200bf\u2028g\u007f\u00ad"#
        let chart = try metadata(
            "\"description\":\"\(text)\",\"keywords\":[\"\(text)\"],\"annotations\":{\"a\":\"\(text)\"}")
        #expect(chart.description == "a b cd ef g")
        #expect(chart.keywords == ["a b cd ef g"])
        #expect(chart.annotations["a"]?.unicodeScalars.count == 15)
        #expect(try metadata(#""maintainers":[{"name":"a\u0007b"}]"#).maintainers.first?.name == "ab")
        #expect(try metadata(#""dependencies":[{"name":"a\tb","tags":["c\td"]}]"#).dependencies.first?.tags == ["c d"])
    }

    @Test("A chart without an apiVersion is of version 1")
    func firstVersion() throws {
        let chart = JSONValue.object([("name", .string("x")), ("version", .string("1"))])
        #expect(try ChartMetadata(chart: chart).apiVersion == "v1")
    }

    @Test("requirements.yaml is laid over Chart.yaml")
    func requirements() throws {
        #expect(
            try config(
                #""annotations":{"a":"b","c":"d"},"home":"h","deprecated":true,"sources":["a","b"]"#,
                requirements: #"""
                    {"dependencies":[{"name":"r"}],"name":"zzz","description":"dd","annotations":{"c":"e"},"home":null,
                    "sources":["c"],"version":"2.0.0"}
                    """#)
                == #"{"name":"zzz","home":"h","sources":["c"],"version":"2.0.0","description":"dd","apiVersion":"v2","#
                + #""deprecated":true,"annotations":{"a":"b","c":"e"},"dependencies":[{"name":"r","repository":""}]}"#)
        let reused = try metadata(
            #""dependencies":[{"name":"q","alias":"foo"},{"name":"z"}]"#,
            requirements: #"{"dependencies":[{"name":"r"}]}"#)
        #expect(reused.dependencies.map(\.alias) == ["foo"])
        #expect(try metadata(#""dependencies":[{"name":"q"}]"#, requirements: #"{"dependencies":null}"#) == metadata())
        #expect(try metadata("", requirements: "null") == metadata())
    }

    @Test("A config blob reads back to the same metadata")
    func roundTrip() throws {
        let chart = try metadata(
            #""annotations":{"a":"<&>"},"dependencies":[{"name":"d","import-values":[1,1.5,null,{"a":[true]}]}]"#)
        #expect(try ChartMetadata(configJSON: chart.configJSON) == chart)
        #expect(throws: HelmParseError.self) { try ChartMetadata(configJSON: Array("{".utf8)) }
        #expect(throws: HelmParseError.self) { try ChartMetadata(configJSON: Array("{}".utf8)) }
    }
}
