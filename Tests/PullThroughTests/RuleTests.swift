import Content
import OCIModel
import Testing

@testable import PullThrough

@Suite struct RuleTests {
    @Test(
        "A star stays within an element, two stars do not",
        arguments: [
            ("app", "app", true), ("app", "apps", false), ("*", "app", true), ("*", "a/b", false),
            ("**", "a/b/c", true),
            ("charts/*", "charts/app", true), ("charts/*", "charts/a/b", false), ("charts/**", "charts/a/b", true),
            ("**/app", "a/b/app", true), ("a*c", "abc", true), ("a*c", "a/c", false), ("", "", true), ("*", "", true),
            ("a**b**c", "a/x/b/y/c", true), ("********", "anything/at/all", true),
        ]) func patterns(pattern: String, path: String, fits: Bool)
    {
        #expect(PathPattern(pattern).matches(path) == fits)
    }

    @Test(
        "A rewriting keeps what the star stands for",
        arguments: [
            ("library/*", "*", "library/nginx", "nginx"), ("*", "mirror/*", "a/b", "mirror/a/b"), ("a", "b", "a", "b"),
            ("old/*/x", "new/*/y", "old/1/x", "new/1/y"), ("team/*", "fixed", "team/app", "fixed"),
        ]) func rewrites(from: String, to: String, path: String, result: String) throws
    {
        #expect(try #require(PathRewrite(from: from, to: to)).applied(to: path) == result)
    }

    @Test("A rewriting leaves other paths alone, and needs a star to keep anything") func noRewrite() throws {
        #expect(try #require(PathRewrite(from: "a/*", to: "*")).applied(to: "b/c") == nil)
        #expect(try #require(PathRewrite(from: "ab*ba", to: "*")).applied(to: "aba") == nil)
        #expect(PathRewrite(from: "a", to: "*") == nil)
        #expect(PathRewrite(from: "*/*", to: "*") == nil)
    }

    @Test(
        "Whole versions are as good as immutable, other tags are not",
        arguments: [
            ("1.2.3", true), ("v1.2.3", true), ("1.2.3_build.5", true), ("1.2.3-rc.1", true), ("1.2", false),
            ("latest", false), ("v1", false), ("2024", false), ("1.2.3.4", false), ("01.2.3", false), ("v", false),
        ]) func versions(tag: String, isVersion: Bool) throws
    {
        #expect(UpstreamRule.isVersion(try Tag(parsing: tag)) == isVersion)
    }

    @Test("Deny wins over allow; without allow everything is") func allowing() throws {
        var rule = UpstreamRule(prefix: try RepositoryName(parsing: "x"), kind: .registry, urls: [])
        #expect(rule.allows("anything"))
        rule.deny = [PathPattern("secret/**")]
        #expect(!rule.allows("secret/a") && rule.allows("open/a"))
        rule.allow = [PathPattern("secret/*"), PathPattern("charts/*")]
        #expect(!rule.allows("secret/a") && rule.allows("charts/a") && !rule.allows("open/a"))
    }

    @Test("The longest prefix counts, and a prefix alone is no repository of it") func table() throws {
        let pool = Fixture.pool
        func upstream(_ prefix: String) throws -> Upstream {
            Upstream(
                UpstreamRule(prefix: try RepositoryName(parsing: prefix), kind: .either, urls: []), [], pool: pool,
                now: { 0 })
        }
        let table = UpstreamTable([try upstream("ghcr.io"), try upstream("ghcr.io/org"), try upstream("stable")])
        func found(_ path: String) throws -> String? {
            table.match(try RepositoryName(parsing: path)).map { "\($0.upstream.name)|\($0.rest)" }
        }
        #expect(try found("ghcr.io/a/b") == "ghcr.io|a/b")
        #expect(try found("ghcr.io/org/b") == "ghcr.io/org|b")
        #expect(try found("ghcr.io/organ/b") == "ghcr.io|organ/b")
        #expect(try found("ghcr.io/org") == "ghcr.io|org")
        #expect(try found("ghcr.io") == nil)
        #expect(try found("other/ghcr.io/x") == nil)
        #expect(table.match(ChartNamespace(try RepositoryName(parsing: "stable"))).map(\.rest) == "")
        #expect(table.match(ChartNamespace.root) == nil)
    }

    @Test("The name of an archive is tried at every dash behind which a version may stand") func fileNames() {
        func names(_ file: String) -> [String] { FileNames.candidates(file).map { "\($0.name) \($0.version)" } }
        #expect(names("app-1.2.3.tgz") == ["app 1.2.3"])
        #expect(names("my-app-1.2.3-rc-1.tgz") == ["my-app 1.2.3-rc-1", "my-app-1.2.3-rc 1"])
        #expect(names("app.tgz").isEmpty && names("app-1.2.3.zip").isEmpty && names("-1.0.0.tgz").isEmpty)
    }

    @Test("Two sorted lists make one page; what lies behind a full page belongs to the next") func merging() {
        func merged(_ listed: [Int], _ own: [Int], more: Bool = false, limit: Int) -> Page<Int> {
            Page(merging: listed, with: Page(elements: own, hasMore: more), limit: limit) { $0 < $1 }
        }
        #expect(merged([1, 3, 5], [2, 3, 6], limit: 10) == Page(elements: [1, 2, 3, 5, 6], hasMore: false))
        #expect(merged([1, 3, 5], [2, 4], limit: 3) == Page(elements: [1, 2, 3], hasMore: true))
        #expect(merged([1, 9], [2, 3], more: true, limit: 10) == Page(elements: [1, 2, 3], hasMore: true))
        #expect(merged([], [], limit: 5) == Page(elements: [], hasMore: false))
        #expect(merged([1], [], limit: 0) == Page(elements: [], hasMore: true))
    }
}

@Suite struct CircuitTests {
    private let second: Int64 = 1_000_000
    private let clock = SharedClock()
    private let breaker: CircuitBreaker

    init() {
        breaker = CircuitBreaker { [clock] in clock.now }
    }

    private func fail(_ count: Int, _ error: ContentError = .unavailable("down")) {
        for _ in 0..<count { breaker.note(error) }
    }

    @Test("Three failures in a row open it; one is let through when the pause is over") func opening() {
        fail(2)
        #expect(breaker.admits())
        fail(1)
        #expect(!breaker.admits())
        clock.move(second - 1)
        #expect(!breaker.wouldAdmit)
        clock.move(1)
        #expect(breaker.wouldAdmit)
        #expect(breaker.admits())
        #expect(!breaker.admits(), "the second one waits for what comes of the first")
    }

    @Test("The pause doubles up to a minute, and an answer closes it") func pausing() {
        fail(3)
        var pauses: [Int64] = []
        for _ in 0..<8 {
            let pause = breaker.snapshot.openUntil - clock.now
            pauses.append(pause / second)
            clock.move(pause)
            #expect(breaker.admits())
            fail(1)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60])
        breaker.note(nil)
        #expect(breaker.admits())
        #expect(breaker.snapshot.lastContact == clock.now)
    }

    @Test("An upstream that asks to be left alone is, at once, but not for days") func retryAfter() {
        fail(1, .rateLimited("too many", retryAfter: .seconds(30)))
        clock.move(29 * second)
        #expect(!breaker.admits())
        clock.move(second)
        #expect(breaker.admits())
        fail(1, .rateLimited("too many", retryAfter: .seconds(86_400)))
        clock.move(300 * second)
        #expect(breaker.admits())
    }

    @Test("One that was let through and never came back does not close it for ever") func lostProbe() {
        fail(3)
        clock.move(second)
        #expect(breaker.admits())
        clock.move(30 * second)
        #expect(breaker.admits())
    }

    @Test("What is not there says nothing about the upstream's health") func absence() {
        fail(10, .manifestUnknown("none"))
        fail(10, .denied("no"))
        #expect(breaker.admits())
    }
}
