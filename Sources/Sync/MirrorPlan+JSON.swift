internal import Content
public import OCIModel

// The JSON of plans, as commands write it. What is nil is left out.

extension MirrorPlan {
    /// `{"mirror", "from", "to", "counts", "bytes", "unknownSizes", "drift", "items", "problems", "notes"}`.
    ///
    /// - Parameter wantsAll: also what is as it should be; counts tell of it in any case.
    public func json(wantsAll: Bool = true) -> JSONValue {
        let counts = PlannedAction.allCases.map { ($0.rawValue, JSONValue.integer(Int64(count(of: $0)))) }
        let shown = wantsAll ? items : items.filter { $0.action != .leave }
        return .object([
            ("mirror", .string(mirror)), ("from", .string(from.description)), ("to", .string(to.description)),
            ("counts", .object(counts)), ("bytes", .integer(bytes)), ("unknownSizes", .integer(Int64(unknownSizes))),
            ("drift", .bool(hasDrift)), ("items", .array(shown.map(\.json))),
            ("problems", .array(problems.map(\.json))), ("notes", .array(notes.map { .string($0) })),
        ])
    }
}

extension PlannedReference {
    /// `{"action", "source", "destination", "reason"}` with `from`, `to`, `repository`, `tag`, and where they are known
    /// `sourceDigest`, `expected`, `digest`, `bytes`, `origin`.
    public var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("action", .string(action.rawValue)), ("source", .string(sourceName)),
            ("destination", .string(destinationName)), ("reason", .string(reason)),
            ("from", .string(from.description)), ("to", .string(to.description)),
            ("repository", .string(repository.description)), ("tag", .string(tag.description)),
        ]
        if let sourceDigest { members.append(("sourceDigest", .string(sourceDigest.description))) }
        if let expected { members.append(("expected", .string(expected.description))) }
        if let digest { members.append(("digest", .string(digest.description))) }
        if let bytes { members.append(("bytes", .integer(bytes))) }
        if let origin = origin.json { members.append(("origin", origin)) }
        return .object(members)
    }
}

extension ReferenceOrigin {
    /// Nil for what the rule selects.
    fileprivate var json: JSONValue? {
        switch self {
        case .selected: nil
        case .formerly: .object([("kind", .string("formerly"))])
        case .dependency(let chart): .object([("kind", .string("dependency")), ("of", .string(chart))])
        case .image(let chart, let place, let confidence):
            .object([
                ("kind", .string("image")), ("of", .string(chart)), ("place", .string(place)),
                ("confidence", .string(confidence.name)),
            ])
        }
    }
}

extension PlanProblem {
    /// `{"side", "object", "reason", "hint"}`.
    public var json: JSONValue {
        .object([
            ("side", .string(side.rawValue)), ("object", .string(object)), ("reason", .string(reason)),
            ("hint", .string(hint)),
        ])
    }
}

extension MirrorForecast {
    /// `{"sourceRequests", "destinationRequests", "sourceRate", "destinationRate", "bytesPerSecond", "seconds"}`; rates
    /// are whole numbers a second, what is unknown is null.
    public var json: JSONValue {
        func whole(_ number: Double?) -> JSONValue {
            number.flatMap(Int64.init(exactly:)).map { .integer($0) } ?? .null
        }
        return .object([
            ("sourceRequests", .integer(Int64(sourceRequests))),
            ("destinationRequests", .integer(Int64(destinationRequests))),
            ("sourceRate", whole(sourceRate?.rounded())), ("destinationRate", whole(destinationRate?.rounded())),
            ("bytesPerSecond", whole(bytesPerSecond?.rounded())), ("seconds", whole(seconds?.rounded(.up))),
        ])
    }
}
