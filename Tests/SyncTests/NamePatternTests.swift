import Sync
import Testing

@Suite struct NamePatternTests {
    @Test(
        "A pattern matches whole names",
        arguments: [
            ("nginx", "nginx", true), ("nginx", "nginx-ingress", false), ("team-*", "team-a", true),
            ("team-*", "team-a/b", false), ("team/**", "team/a/b", true), ("/team-(a|b)/", "team-b", true),
            ("/team-(a|b)/", "team-bc", false), ("/", "/", true),
        ])
    func matches(pattern: String, name: String, isMatch: Bool) throws {
        #expect(try NamePattern(pattern).matches(name) == isMatch)
    }

    @Test("A bad pattern says why", arguments: ["", "/(/"]) func refuses(text: String) {
        #expect(throws: PatternError.self) { try NamePattern(text) }
    }

    @Test(
        "A template names repositories",
        arguments: [
            ("{repository}", "a/b/c", "a/b/c"), ("{host}/{repository}", "a/b", "reg_5000/a/b"),
            ("charts/{name}", "a/b/c", "charts/c"), ("{path}/x/{name}", "c", "x/c"),
        ])
    func names(template: String, repository: String, name: String) throws {
        #expect(try NameTemplate(template).name(of: repository, host: "reg:5000") == name)
    }

    @Test("A bad template is refused", arguments: ["", "charts", "{nam}", "{name", "name}"])
    func refusesTemplate(text: String) {
        #expect(throws: PatternError.self) { try NameTemplate(text) }
    }
}
