/// What becomes of a node that `YAMLDocument.walk` meets.
public enum YAMLStep: Sendable {
    /// Its children are met one by one; a scalar or an alias is taken instead.
    case enter
    /// Its tree is built and handed over.
    case take
    /// It is passed over.
    case skip
    /// The walk ends here.
    case stop
}

extension YAMLDocument {
    /// Reads one document piece by piece, so that no tree of the whole is ever in memory.
    ///
    /// Each node that is met has a path: keys from the root down, nil for an element of a sequence. `decide` says what
    /// becomes of it, beginning with the root, whose path is empty; `take` is handed the tree of a piece and gives
    /// whether to go on. What was handed over stays so when the document turns out to be malformed further down.
    /// A mapping that is entered must not hold `<<`, and an alias cannot name a collection that was entered.
    /// - Throws: as `parse`; `limits.nodes` counts for each piece.
    public static func walk(
        _ bytes: [UInt8], limits: YAMLLimits = YAMLLimits(), deciding decide: ([String?]) -> YAMLStep,
        _ take: ([String?], YAMLNode) -> Bool
    ) throws(YAMLError) {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(line: 1, column: 1, message: "the text is larger than \(limits.bytes) bytes")
        }
        try bytes.withUnsafeBufferPointer { buffer throws(YAMLError) in
            var composer = Composer(reader: try EventReader(borrowing: withoutMark(buffer)), limits: limits)
            try composer.walk(decide, take)
        }
    }
}

extension Composer {
    /// The only document of the text; none is no error.
    mutating func walk(
        _ decide: ([String?]) -> YAMLStep, _ take: ([String?], YAMLNode) -> Bool
    ) throws(YAMLError) {
        isWalking = true
        _ = try reader.next()
        guard case .documentStart = try reader.next().kind else { return }
        var path: [String?] = []
        guard try visit(try reader.next(), &path, decide, take) else { return }
        _ = try reader.next()
        let behind = try reader.next()
        guard case .streamEnd = behind.kind else { throw Composer.error(behind, "a second document begins here") }
    }

    /// Gives whether to go on.
    private mutating func visit(
        _ event: Event, _ path: inout [String?], _ decide: ([String?]) -> YAMLStep,
        _ take: ([String?], YAMLNode) -> Bool
    ) throws(YAMLError) -> Bool {
        try checkDepth(path.count + 1, at: event)
        switch (decide(path), event.kind) {
        case (.stop, _): return false
        case (.skip, _):
            try skip(event)
            return true
        case (.enter, .mappingStart): return try enterMapping(event, &path, decide, take)
        case (.enter, .sequenceStart): return try enterSequence(event, &path, decide, take)
        case (.enter, _), (.take, _):
            nodeCount = 0
            return take(path, try subtree(beginning: event, depth: path.count + 1).node)
        }
    }

    private mutating func enterMapping(
        _ start: Event, _ path: inout [String?], _ decide: ([String?]) -> YAMLStep,
        _ take: ([String?], YAMLNode) -> Bool
    ) throws(YAMLError) -> Bool {
        if let anchor = start.anchor { anchors[anchor] = .entered }
        var lines: [[UInt8]: Int] = [:]
        while true {
            let event = try reader.next()
            if case .mappingEnd = event.kind { return true }
            nodeCount = 0
            let key = try subtree(beginning: event, depth: path.count + 2).node
            guard case .scalar(let name, let isPlain) = key.content else {
                throw Composer.error(event, "a mapping's key must be a scalar")
            }
            guard !isPlain || name != "<<" else { throw Composer.error(event, "'<<' cannot be used here") }
            if let line = lines.updateValue(event.line, forKey: Array(name.utf8)) {
                throw Composer.error(event, "key \(YAMLError.quote(name)) is already set on line \(line)")
            }
            path.append(name)
            guard try visit(try reader.next(), &path, decide, take) else { return false }
            path.removeLast()
        }
    }

    private mutating func enterSequence(
        _ start: Event, _ path: inout [String?], _ decide: ([String?]) -> YAMLStep,
        _ take: ([String?], YAMLNode) -> Bool
    ) throws(YAMLError) -> Bool {
        if let anchor = start.anchor { anchors[anchor] = .entered }
        path.append(nil)
        while true {
            let event = try reader.next()
            if case .sequenceEnd = event.kind { break }
            guard try visit(event, &path, decide, take) else { return false }
        }
        path.removeLast()
        return true
    }

    private mutating func skip(_ start: Event) throws(YAMLError) {
        var depth = 0
        var event = start
        while true {
            switch event.kind {
            case .sequenceStart, .mappingStart:
                depth += 1
                try checkDepth(depth, at: event)
            case .sequenceEnd, .mappingEnd: depth -= 1
            case .alias, .scalar, .streamStart, .streamEnd, .documentStart, .documentEnd: break
            }
            if depth == 0 { return }
            event = try reader.next()
        }
    }
}
