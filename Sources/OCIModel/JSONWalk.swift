/// What becomes of a value that `JSONWalk.walk` meets.
public enum JSONStep: Sendable {
    /// Its children are met one by one; what has none is taken instead.
    case enter
    /// Its tree is built and handed over.
    case take
    /// It is passed over.
    case skip
    /// The walk ends here.
    case stop
}

/// Reads JSON documents piece by piece, so that no tree of the whole is ever in memory.
public enum JSONWalk {
    /// Walks one document as strictly as `JSONValue(parsing:)` reads it.
    ///
    /// Each value that is met has a path: names from the root down, nil for an element of an array. `decide` says what
    /// becomes of it, beginning with the root, whose path is empty; `take` is handed the tree of a piece and gives
    /// whether to go on. A name that an object has twice is met twice. What was handed over stays so when the document
    /// turns out to be malformed further down.
    /// - Parameter maximumValues: how many values one piece may hold.
    /// - Throws: `OCIParseError` saying what is wrong at which byte.
    public static func walk(
        _ bytes: [UInt8], maximumDepth: Int = 64, maximumValues: Int, deciding decide: ([String?]) -> JSONStep,
        _ take: ([String?], JSONValue) -> Bool
    ) throws(OCIParseError) {
        var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth, maximumValues: maximumValues)
        var path: [String?] = []
        guard try parser.visit(&path, decide, take) else { return }
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.failure("text behind the JSON value") }
    }
}

extension JSONParser {
    /// Gives whether to go on.
    mutating func visit(
        _ path: inout [String?], _ decide: ([String?]) -> JSONStep, _ handOver: ([String?], JSONValue) -> Bool
    ) throws(OCIParseError) -> Bool {
        skipSpace()
        switch (decide(path), next) {
        case (.stop, _): return false
        case (.skip, _):
            try skipValue(depth: path.count)
            return true
        case (.enter, UInt8(ascii: "{")), (.enter, UInt8(ascii: "[")):
            return try children(&path) { parser, path throws(OCIParseError) in
                try parser.visit(&path, decide, handOver)
            }
        case (.enter, _), (.take, _):
            valueCount = 0
            return handOver(path, try value(depth: path.count))
        }
    }

    private mutating func skipValue(depth: Int) throws(OCIParseError) {
        skipSpace()
        guard next == UInt8(ascii: "{") || next == UInt8(ascii: "[") else {
            valueCount = 0
            _ = try value(depth: depth)
            return
        }
        var path = [String?](repeating: nil, count: depth)
        _ = try children(&path) { parser, path throws(OCIParseError) in
            try parser.skipValue(depth: path.count)
            return true
        }
    }

    /// The members of the object or the elements of the array that begins here, each with its path.
    private mutating func children(
        _ path: inout [String?],
        _ visit: (inout JSONParser, inout [String?]) throws(OCIParseError) -> Bool
    ) throws(OCIParseError) -> Bool {
        guard path.count < maximumDepth else { throw failure("nested deeper than \(maximumDepth) levels") }
        let isObject = next == UInt8(ascii: "{")
        let end = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        position += 1
        skipSpace()
        if take(end) { return true }
        repeat {
            path.append(isObject ? try memberName() : nil)
            guard try visit(&self, &path) else { return false }
            path.removeLast()
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(end) else { throw failure(isObject ? "',' or '}' expected" : "',' or ']' expected") }
        return true
    }

    /// A member's name and the colon behind it.
    mutating func memberName() throws(OCIParseError) -> String {
        skipSpace()
        guard next == UInt8(ascii: "\"") else { throw failure("a member's name must be a string") }
        let name = try string()
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw failure("':' expected behind a member's name") }
        return name
    }
}
