import HelmModel
import OCIModel
import Sync
import Transfer
import YAML

/// Reads the configuration of regclient's regsync.
struct RegsyncReader {
    var foreign: ForeignFile
    /// Hosts that are spoken to without TLS.
    var plainHosts: Set<String> = []
    private var defaults = RegsyncDefaults()

    init(_ foreign: ForeignFile) {
        self.foreign = foreign
    }

    mutating func read(_ bytes: [UInt8]) {
        do throws(YAMLError) {
            guard let root = try YAMLDocument.parse(bytes) else { return }
            guard let entries = root.entries else {
                return foreign.note(root, "the file must be a mapping of keys to values")
            }
            for (key, value) in entries { top(key, value) }
            // Entries need the hosts and the defaults, wherever those stand.
            for node in list(root, "creds") { credentials(node) }
            if let node = root["defaults"] { readDefaults(node) }
            for node in list(root, "sync") { sync(node) }
        } catch {
            foreign.note(error)
        }
    }

    private mutating func top(_ key: YAMLNode, _ value: YAMLNode) {
        switch key.text ?? "" {
        case "creds", "defaults", "sync": break
        case "version":
            if value.text != "1" { foreign.note(value, "version: this program reads version 1 of regsync's file") }
        case let name where name.hasPrefix("x-"): break
        case let name: foreign.note(key, "there is no key \(Printable.quoted(name)) in regsync's file")
        }
    }

    private mutating func list(_ root: YAMLNode, _ key: String) -> [YAMLNode] {
        guard let node = root[key], !node.isNull else { return [] }
        guard let elements = node.elements else {
            foreign.note(node, "\(key) must be a list")
            return []
        }
        return elements
    }

    // MARK: Defaults

    private mutating func readDefaults(_ node: YAMLNode) {
        for (key, value) in node.entries ?? [] {
            switch key.text ?? "" {
            case "parallel":
                if let number = value.integer, (1...256).contains(number) { defaults.concurrency = Int(number) }
            case "interval": defaults.rhythm = interval(value) ?? defaults.rhythm
            case "schedule": defaults.schedule = schedule(value)
            case "referrers": defaults.referrers = foreign.boolean(value, "defaults.referrers")
            case "digestTags":
                if foreign.boolean(value, "digestTags") { leave(key, "digestTags") }
            case let name: leave(key, name, of: "defaults.")
            }
        }
    }

    /// Notes a key that is known and not followed, or that nobody knows.
    private mutating func leave(_ key: YAMLNode, _ name: String, of prefix: String = "") {
        guard let instead = RegsyncDefaults.leftOut[name] else {
            return foreign.note(key, "there is no key \(Printable.quoted(prefix + name)) in regsync's file")
        }
        foreign.leave(key, prefix + name, instead)
    }

    private mutating func interval(_ node: YAMLNode) -> MirrorSchedule.Rhythm? {
        if let duration = GoDuration.read(node.string ?? ""), duration >= .seconds(1) { return .every(duration) }
        foreign.note(node, "interval: \(Printable.quoted(node.text ?? "")) is no interval", hint: "write 30m or 1h30m")
        return nil
    }

    private mutating func schedule(_ node: YAMLNode) -> MirrorSchedule.Rhythm? {
        let text = node.string ?? ""
        if text.hasPrefix("@every "), let duration = GoDuration.read(String(text.dropFirst(7))), duration >= .seconds(1)
        {
            return .every(duration)
        }
        return foreign.understood(node, "schedule") { () throws(PatternError) in
            MirrorSchedule.Rhythm.cron(try CronLine(parsing: text))
        }
    }

    // MARK: Entries

    private mutating func sync(_ node: YAMLNode) {
        guard let entries = node.entries else { return foreign.note(node, "an entry of sync must be a mapping") }
        var rule = MirrorRule(name: "", from: .store(path: ""), to: .store(path: ""))
        rule.concurrency = defaults.concurrency ?? rule.concurrency
        if defaults.referrers { rule.referrers = ReferrerFilter() }
        var (own, line): (MirrorSchedule.Rhythm?, MirrorSchedule.Rhythm?) = (nil, nil)
        for (key, value) in entries {
            switch key.text ?? "" {
            case "source", "target", "type": break
            case "tags": tags(value, &rule)
            case "repos": repositories(value, &rule)
            case "platform", "platforms": platforms(value, &rule)
            case "interval": own = interval(value)
            case "schedule": line = schedule(value)
            case "referrers":
                rule.referrers = foreign.boolean(value, "referrers") ? rule.referrers ?? ReferrerFilter() : nil
            case "referrerFilters": filters(value, &rule)
            case "digestTags":
                if foreign.boolean(value, "digestTags") {
                    leave(key, "digestTags")
                    rule.referrers = rule.referrers ?? ReferrerFilter()
                }
            case "tagSets":
                foreign.note(key, "tagSets is not read here", hint: "write a mirror.yaml with versions for these tags")
            case let name: leave(key, name, of: "sync.")
            }
        }
        rule.schedule = (line ?? own ?? defaults.schedule ?? defaults.rhythm).map { MirrorSchedule($0) }
        place(node, rule)
    }

    private mutating func tags(_ node: YAMLNode, _ rule: inout MirrorRule) {
        var (allow, deny): ([String], [String]) = ([], [])
        for (key, value) in node.entries ?? [] {
            switch key.text ?? "" {
            case "allow": allow = foreign.texts(value, "tags.allow")
            case "deny": deny = foreign.texts(value, "tags.deny")
            case "semverRange": constraint(value, &rule)
            case let name: foreign.note(key, "there is no key \(Printable.quoted("tags." + name)) in regsync's file")
            }
        }
        guard !allow.isEmpty || !deny.isEmpty else { return }
        let union = { (list: [String]) in list.map { "(?:\($0))" }.joined(separator: "|") }
        let denied = deny.isEmpty ? "" : "(?!(?:\(union(deny)))$)"
        rule.versions.regex = foreign.understood(node, "tags") { () throws(PatternError) in
            // Each by itself first: an open bracket of one might be closed by the next.
            for text in allow + deny { _ = try TextPattern(text) }
            return try TextPattern(denied + (allow.isEmpty ? ".*" : "(?:\(union(allow)))"))
        }
    }

    private mutating func constraint(_ node: YAMLNode, _ rule: inout MirrorRule) {
        do throws(HelmParseError) {
            let text = foreign.texts(node, "tags.semverRange").joined(separator: " || ")
            rule.versions.constraint = try ChartConstraint(parsing: text)
        } catch {
            foreign.note(node, "tags.semverRange: \(error.description)")
        }
    }

    private mutating func repositories(_ node: YAMLNode, _ rule: inout MirrorRule) {
        for (key, value) in node.entries ?? [] {
            let name = key.text ?? ""
            guard ["allow", "deny"].contains(name) else {
                foreign.note(key, "there is no key \(Printable.quoted("repos." + name)) in regsync's file")
                continue
            }
            for text in foreign.texts(value, "repos.\(name)") {
                let pattern = foreign.understood(value, "repos.\(name)") { () throws(PatternError) in
                    try NamePattern("/\(text)/")
                }
                guard let pattern else { continue }
                if name == "allow" { rule.repositories.append(pattern) } else { rule.exclude.append(pattern) }
            }
        }
    }

    private mutating func platforms(_ node: YAMLNode, _ rule: inout MirrorRule) {
        for text in foreign.texts(node, "platform") {
            if let platform = Platform(text) {
                rule.platforms.append(platform)
            } else {
                foreign.note(node, "platform: \(Printable.quoted(text)) is no platform", hint: "write linux/amd64")
            }
        }
    }

    private mutating func filters(_ node: YAMLNode, _ rule: inout MirrorRule) {
        var filter = ReferrerFilter()
        for element in node.elements ?? [] {
            for (key, value) in element.entries ?? [] {
                if key.text == "artifactType", let type = value.string {
                    filter.include.append(type)
                } else {
                    foreign.leave(key, "referrerFilters.\(key.text ?? "")", "referrers of every value are mirrored")
                }
            }
        }
        rule.referrers = filter
    }
}

/// What entries of regsync's file have unless they say otherwise.
struct RegsyncDefaults {
    var concurrency: Int?
    var rhythm: MirrorSchedule.Rhythm?
    var schedule: MirrorSchedule.Rhythm?
    var referrers = false

    /// Keys that are known and not followed, and what is done instead.
    static let leftOut: [String: String] = [
        "backup": "the digest a tag had is kept in the history of runs, and no tag is made for it",
        "ratelimit": "requests slow down by themselves when a registry says that its limit is near",
        "mediaTypes": "artifacts of every media type are mirrored",
        "digestTags": "referrers are mirrored, also those that lie under tags made of digests",
        "fastCopy": "what the destination has is never copied again",
        "forceRecursive": "a manifest that the destination has is complete there",
        "includeExternal": "layers with URLs of their own stay where they are",
        "referrerSource": "referrers are read where the image is",
        "referrerSrc": "referrers are read where the image is",
        "referrerTarget": "referrers are put where the image goes",
        "referrerTgt": "referrers are put where the image goes",
        "referrerSlow": "referrers are read as each registry offers them",
        "hooks": "nothing is run before or after",
        "abortOnError": "one failure leaves the others alone, and is told at the end",
        "skipDockerConfig": "Docker's and Helm's credential files are read for hosts without credentials here",
        "cacheCount": "what is remembered is limited by itself",
        "cacheTime": "what is remembered is limited by itself",
        "blobLimit": "blobs of every size are mirrored",
        "userAgent": "this program tells its own name",
    ]
}

/// Durations as Go writes them.
enum GoDuration {
    private static let units: [(String, Double)] = [
        ("ms", 0.001), ("us", 0.000_001), ("ns", 0.000_000_001), ("h", 3600), ("m", 60), ("s", 1),
    ]

    /// Reads `1h30m`, `90s`, `1.5h`; nil for anything else, and for more than ten years.
    static func read(_ text: String) -> Duration? {
        var rest = text[...]
        var seconds = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            guard let number = Double(digits) else { return nil }
            rest = rest[digits.endIndex...]
            guard let unit = units.first(where: { rest.hasPrefix($0.0) }) else { return nil }
            rest = rest.dropFirst(unit.0.count)
            seconds += number * unit.1
        }
        return seconds <= 3650 * 86_400 ? .milliseconds(Int64(seconds * 1000)) : nil
    }
}
