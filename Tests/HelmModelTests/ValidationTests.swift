import HelmModel
import OCIModel
import Testing

@Suite struct ValidationTests {
    private func refusal(_ chart: String) -> String? {
        #expect(throws: HelmParseError.self) { try ChartMetadata(chart: try JSONValue(parsing: Array(chart.utf8))) }?
            .description
    }

    @Test(
        "What Helm refuses is refused in one sentence",
        arguments: [
            (#""name":"""#, "the chart has no name"),
            (#""name":"\u0007""#, "the chart has no name"),
            (#""name":"a/b""#, "the chart's name \"a/b\" must not be a path"),
            (#""name":"..""#, "the chart's name \"..\" must not be a path"),
            (#""version":"""#, "the chart has no version"),
            (#""version":"1.2.3-01""#, "the chart's version \"1.2.3-01\" is not a semantic version"),
            (#""type":"plugin""#, "the chart's type \"plugin\" is not application or library"),
            (#""deprecated":"true""#, "Chart.yaml: deprecated must be true or false"),
            (#""deprecated":1"#, "Chart.yaml: deprecated must be true or false"),
            (#""appVersion":["a"]"#, "Chart.yaml: appVersion must be text"),
            (#""keywords":"abc""#, "Chart.yaml: keywords must be a list"),
            (#""keywords":[["a"]]"#, "Chart.yaml: keywords[0] must be text"),
            (#""annotations":["a"]"#, "Chart.yaml: annotations must be a mapping of texts"),
            (#""annotations":{"a":{}}"#, "Chart.yaml: annotations.\"a\" must be text"),
            (#""maintainers":[null]"#, "Chart.yaml: maintainers[0] must not be empty or null"),
            (#""maintainers":["Ada"]"#, "Chart.yaml: maintainers[0] must be a mapping"),
            (#""dependencies":[null]"#, "Chart.yaml: dependencies[0] must not be empty or null"),
            (#""dependencies":{"a":"b"}"#, "Chart.yaml: dependencies must be a list"),
            (#""dependencies":[{"name":["a"]}]"#, "Chart.yaml: dependencies[0].name must be text"),
            (#""dependencies":[{"enabled":"yes"}]"#, "Chart.yaml: dependencies[0].enabled must be true or false"),
            (
                #""dependencies":[{"name":"a","alias":"a b"}]"#,
                "the alias of dependency \"a\" must be letters, digits, _ and -"
            ),
            (
                #""dependencies":[{"name":"a","alias":"b"},{"name":"b"}]"#,
                "more than one dependency has the name or alias \"b\"; give them aliases"
            ),
        ])
    func refused(field: String, sentence: String) {
        #expect(refusal("{\"apiVersion\":\"v2\",\"name\":\"x\",\"version\":\"1.0.0\",\(field)}") == sentence)
    }

    @Test("What is not a mapping is no chart", arguments: ["[]", "\"abc\"", "1"])
    func shapes(chart: String) {
        #expect(refusal(chart) == "Chart.yaml must be a mapping")
    }

    @Test("Nothing at all is a chart without a name")
    func nothing() {
        #expect(refusal("null") == "the chart has no name")
        #expect(refusal(#"{"name":null,"version":"1.0.0"}"#) == "the chart has no name")
        #expect(refusal(#"{"name":"x"}"#) == "the chart has no version")
    }

    @Test("Helm takes odd apiVersions, versions and dependencies, and so does this")
    func odd() throws {
        #expect(try metadata(#""apiVersion":"v7""#).apiVersion == "v7")
        #expect(try metadata(#""version":"v01.2""#).semanticVersion?.description == "1.2.0")
        #expect(try metadata(#""dependencies":[{"version":"~1"}]"#).dependencies.first?.name == "")
    }
}
