public import OCIModel

// The JSON of `/api/upstreams` and `/api/explain`, both directions. Members are named as the properties, times are
// RFC 3339 in UTC, digests and references text; what is nil is left out. Unknown members are passed over.

extension UpstreamState {
    /// `prefix`, `kind`, `urls`, `health`, `lastError`, `lastContact`, `cachedTags`, `goneTags`.
    public var json: JSONValue {
        Members.object([
            ("prefix", .string(prefix)), ("kind", .string(kind)), ("urls", .array(urls.map { .string($0) })),
            ("health", .string(health)), ("lastError", Members.text(lastError)),
            ("lastContact", Members.time(lastContact)),
            ("cachedTags", .integer(cachedTags)), ("goneTags", .integer(goneTags)),
        ])
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        let members = Members(json: json)
        self.init(
            prefix: try members.text("prefix"), kind: try members.text("kind"), urls: try members.texts("urls"),
            health: try members.text("health"), lastError: try members.optionalText("lastError"),
            lastContact: try members.time("lastContact"), cachedTags: try members.count("cachedTags"),
            goneTags: try members.count("goneTags"))
    }
}

extension UpstreamTest {
    /// `prefix`, `url`, `problem`, `finding`, `milliseconds`.
    public var json: JSONValue {
        Members.object([
            ("prefix", .string(prefix)), ("url", .string(url)), ("problem", Members.text(problem)),
            ("finding", .string(finding)), ("milliseconds", .integer(milliseconds)),
        ])
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        let members = Members(json: json)
        self.init(
            prefix: try members.text("prefix"), url: try members.text("url"),
            problem: try members.optionalText("problem"), finding: try members.text("finding"),
            milliseconds: try members.count("milliseconds"))
    }
}

extension Explanation {
    /// `reference`, `digest`, `missingBlobs`, `origin`, `upstream`, `url`, `checkedAt`, `freshUntil`, `goneSince`,
    /// `pulledAt`, `outcome`, `rule`.
    public var json: JSONValue {
        Members.object([
            ("reference", .string(reference)), ("digest", Members.text(digest?.description)),
            ("missingBlobs", .integer(missingBlobs)), ("origin", .string(origin)), ("upstream", Members.text(upstream)),
            ("url", Members.text(url)), ("checkedAt", Members.time(checkedAt)),
            ("freshUntil", Members.time(freshUntil)),
            ("goneSince", Members.time(goneSince)), ("pulledAt", Members.time(pulledAt)), ("outcome", .string(outcome)),
            ("rule", .string(rule)),
        ])
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        let members = Members(json: json)
        self.init(
            reference: try members.text("reference"), digest: try members.digest("digest"),
            missingBlobs: try members.count("missingBlobs"), origin: try members.text("origin"),
            upstream: try members.optionalText("upstream"), url: try members.optionalText("url"),
            checkedAt: try members.time("checkedAt"), freshUntil: try members.time("freshUntil"),
            goneSince: try members.time("goneSince"), pulledAt: try members.time("pulledAt"),
            outcome: try members.text("outcome"), rule: try members.text("rule"))
    }
}

extension WarmedReference {
    /// `fetched`, `bytes`.
    public var json: JSONValue { Members.object([("fetched", .integer(fetched)), ("bytes", .integer(bytes))]) }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        let members = Members(json: json)
        self.init(fetched: try members.count("fetched"), bytes: try members.count("bytes"))
    }
}

extension PurgeSummary {
    /// `tags`, `manifests`, `bytes`.
    public var json: JSONValue {
        Members.object([("tags", .integer(tags)), ("manifests", .integer(manifests)), ("bytes", .integer(bytes))])
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        let members = Members(json: json)
        self.init(
            tags: try members.count("tags"), manifests: try members.count("manifests"),
            bytes: try members.count("bytes"))
    }
}

extension PurgeOptions {
    /// The options as items of a query: `older` (a time), `gone` and `dry`; what is not set is left out.
    public var query: [(String, String)] {
        var items: [(String, String)] = []
        if let notPulledSince { items.append(("older", RFC3339.text(microseconds: notPulledSince))) }
        if onlyGone { items.append(("gone", "true")) }
        if isDryRun { items.append(("dry", "true")) }
        return items
    }

    /// Reads them; `value` gives an item's text, nil where it is missing.
    ///
    /// - Throws: `OCIParseError` naming the item that is wrong: a purge must not do more than was asked.
    public init(query value: (String) -> String?) throws(OCIParseError) {
        self.init()
        if let text = value("older") {
            guard let time = RFC3339.microseconds(parsing: text) else {
                throw OCIParseError("older=\(OCIParseError.quote(text)) is no RFC 3339 time")
            }
            notPulledSince = time
        }
        onlyGone = try PurgeOptions.flag("gone", value("gone"))
        isDryRun = try PurgeOptions.flag("dry", value("dry"))
    }

    private static func flag(_ name: String, _ text: String?) throws(OCIParseError) -> Bool {
        switch text {
        case nil, "false": false
        case "true", "": true
        case let text?: throw OCIParseError("\(name)=\(OCIParseError.quote(text)) is neither true nor false")
        }
    }
}
