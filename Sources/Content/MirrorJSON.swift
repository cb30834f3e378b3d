public import OCIModel

// The JSON of `/api/mirrors`, both directions. Members are named as the properties, times are RFC 3339 in UTC; what is
// nil is left out. Unknown members are passed over.

extension MirrorCounts {
    /// `selected`, `copied`, `retagged`, `left`, `marked`, `pruned`, `failed`, `blobs`, `bytes`, `mounted`,
    /// `sourceRequests`, `destinationRequests`.
    public var json: JSONValue {
        .object(MirrorCounts.members.map { name, path in (name, .integer(self[keyPath: path])) })
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        self.init()
        let members = Members(json: json)
        for (name, path) in MirrorCounts.members { self[keyPath: path] = try members.count(name) }
    }

    private static var members: [(String, WritableKeyPath<MirrorCounts, Int64>)] {
        [
            ("selected", \.selected), ("copied", \.copied), ("retagged", \.retagged), ("left", \.left),
            ("marked", \.marked), ("pruned", \.pruned), ("failed", \.failed), ("blobs", \.blobs), ("bytes", \.bytes),
            ("mounted", \.mounted), ("sourceRequests", \.sourceRequests),
            ("destinationRequests", \.destinationRequests),
        ]
    }
}

extension MirrorRun {
    /// `id`, `mirror`, `trigger`, `startedAt`, `endedAt`, `outcome`, `counts`, `message`.
    public var json: JSONValue {
        Members.object([
            ("id", .integer(id)), ("mirror", .string(mirror)), ("trigger", .string(trigger.rawValue)),
            ("startedAt", Members.time(startedAt)), ("endedAt", Members.time(endedAt)),
            ("outcome", .string(outcome.rawValue)), ("counts", counts.json),
            ("message", message.isEmpty ? nil : .string(message)),
        ])
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        let members = Members(json: json)
        guard let startedAt = try members.time("startedAt") else { throw OCIParseError("there is no time startedAt") }
        self.init(
            id: try members.count("id"), mirror: try members.text("mirror"),
            trigger: try members.word("trigger", MirrorTrigger.self), startedAt: startedAt,
            endedAt: try members.time("endedAt"), outcome: try members.word("outcome", MirrorOutcome.self),
            counts: try MirrorCounts(json: json["counts"] ?? .null),
            message: try members.optionalText("message") ?? "")
    }
}

extension MirrorFailure {
    /// `source`, `destination`, `side`, `reason`, `hint`.
    public var json: JSONValue {
        .object([
            ("source", .string(source)), ("destination", .string(destination)), ("side", .string(side.rawValue)),
            ("reason", .string(reason)), ("hint", .string(hint)),
        ])
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        let members = Members(json: json)
        self.init(
            source: try members.text("source"), destination: try members.text("destination"),
            side: try members.word("side", TransferSide.self), reason: try members.text("reason"),
            hint: try members.text("hint"))
    }
}

extension MirrorState {
    /// `name`, `from`, `to`, `activity`, `nextRunAt`, `run`, `last`, `succeededAt`, `lastError`.
    public var json: JSONValue {
        Members.object([
            ("name", .string(name)), ("from", .string(from)), ("to", .string(to)),
            ("activity", .string(activity.rawValue)), ("nextRunAt", Members.time(nextRunAt)), ("run", run?.json),
            ("last", last?.json), ("succeededAt", Members.time(succeededAt)), ("lastError", Members.text(lastError)),
        ])
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        let members = Members(json: json)
        self.init(
            name: try members.text("name"), from: try members.text("from"), to: try members.text("to"),
            activity: try members.word("activity", MirrorActivity.self), nextRunAt: try members.time("nextRunAt"),
            succeededAt: try members.time("succeededAt"), lastError: try members.optionalText("lastError"))
        if let json = members.object("run") { run = try MirrorRun(json: json) }
        if let json = members.object("last") { last = try MirrorRun(json: json) }
    }
}

extension MirrorReport {
    /// `run`, `failures`.
    public var json: JSONValue {
        .object([("run", run.json), ("failures", .array(failures.map(\.json)))])
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        var failures: [MirrorFailure] = []
        for json in try Members(json: json).list("failures") { failures.append(try MirrorFailure(json: json)) }
        self.init(run: try MirrorRun(json: json["run"] ?? .null), failures: failures)
    }
}

extension MirrorPreview {
    /// `mirror`, `counts`, `changes`, `problems`, `notes`.
    public var json: JSONValue {
        let counts = counts.sorted { $0.key < $1.key }
        return .object([
            ("mirror", .string(mirror)), ("counts", .object(counts.map { ($0.key, .integer($0.value)) })),
            ("changes", .array(changes.map(\.json))), ("problems", .array(problems.map(\.json))),
            ("notes", .array(notes.map { .string($0) })),
        ])
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        let members = Members(json: json)
        var counts: [String: Int64] = [:]
        if case .object(let listed)? = json["counts"] {
            for (action, count) in listed { counts[action] = count.integer }
        }
        self.init(
            mirror: try members.text("mirror"), counts: counts, changes: [], problems: [],
            notes: try members.texts("notes"))
        for json in try members.list("changes") { changes.append(try Change(json: json)) }
        for json in try members.list("problems") { problems.append(try MirrorFailure(json: json)) }
    }
}

extension MirrorPreview.Change {
    /// `action`, `source`, `destination`, `reason`.
    public var json: JSONValue {
        .object([
            ("action", .string(action)), ("source", .string(source)), ("destination", .string(destination)),
            ("reason", .string(reason)),
        ])
    }

    /// Reads it.
    ///
    /// - Throws: `OCIParseError` naming the member that is missing or wrong.
    public init(json: JSONValue) throws(OCIParseError) {
        let members = Members(json: json)
        self.init(
            action: try members.text("action"), source: try members.text("source"),
            destination: try members.text("destination"), reason: try members.text("reason"))
    }
}
