/// Reads a version constraint from left to right.
///
/// The original rewrites hyphen ranges with one regular expression and reads the rest with another. A text that both
/// accept means the same to both; what the rewriting turns into something else is refused here.
struct ConstraintReader {
    typealias Condition = VersionConstraint.Condition

    private let text: [UInt8]
    private var position = 0

    init(text: [UInt8]) {
        self.text = text
    }

    mutating func alternatives() throws(HelmParseError) -> [VersionConstraint.Alternative] {
        var result: [VersionConstraint.Alternative] = []
        repeat {
            result.append(VersionConstraint.Alternative(try conditions(isFirst: result.isEmpty)))
        } while take("||")
        guard position == text.count else { throw failure("there is no condition at \(quoted(from: position))") }
        return result
    }

    /// One alternative: conditions and ranges up to `||` or the end.
    private mutating func conditions(isFirst: Bool) throws(HelmParseError) -> [Condition] {
        var result: [Condition] = []
        // `1||2 - 3` is rewritten to `>= 1||2, <= 3`; a `v` keeps the two apart.
        var mayBeRange = skipSpace() || isFirst || text[position...].first == UInt8(ascii: "v")
        repeat {
            let item = try item(mayBeRange: mayBeRange)
            result += item
            let isRange = item.count == 2
            let hasSpace = skipSpace()
            let hasComma = take(",")
            if hasComma { _ = skipSpace() }
            if !hasComma, atEnd { break }
            guard hasSpace || hasComma || isRange else {
                throw failure("there must be a space or a comma in front of \(quoted(from: position))")
            }
            mayBeRange = hasComma || isRange
        } while true
        return result
    }

    private var atEnd: Bool { position == text.count || text[position] == UInt8(ascii: "|") }

    /// A condition, or a range as the two conditions it stands for.
    private mutating func item(mayBeRange: Bool) throws(HelmParseError) -> [Condition] {
        let start = position
        let relation = relation()
        if relation != nil { _ = skipSpace() }
        let first = try version()
        if relation == nil, takeHyphen() {
            guard mayBeRange else {
                throw failure("the range at \(quoted(from: start)) needs a comma, or a space, in front of it")
            }
            let last = try version()
            return [condition(.greaterOrEqual, first), condition(.lessOrEqual, last)]
        }
        return [condition(relation ?? .equal, first)]
    }

    private func condition(
        _ relation: VersionConstraint.Relation,
        _ version: (bound: SemanticVersion, openness: VersionConstraint.Openness)
    ) -> Condition {
        Condition(relation: relation, bound: version.bound, openness: version.openness)
    }

    private mutating func relation() -> VersionConstraint.Relation? {
        if take(">=") || take("=>") { return .greaterOrEqual }
        if take("<=") || take("=<") { return .lessOrEqual }
        if take("!=") { return .notEqual }
        if take("~>") || take("~") { return .tilde }
        if take("^") { return .caret }
        if take("=") { return .equal }
        if take(">") { return .greater }
        return take("<") ? .less : nil
    }

    /// Space, a hyphen, space: anything else stays unread.
    private mutating func takeHyphen() -> Bool {
        let start = position
        if skipSpace(), take("-"), skipSpace() { return true }
        position = start
        return false
    }

    // MARK: Versions

    private mutating func version() throws(HelmParseError) -> (SemanticVersion, VersionConstraint.Openness) {
        let start = position
        _ = take("v")
        var parts = [try part(from: start)]
        while parts.count < 3, take(".") { parts.append(try part(from: start)) }
        let prerelease = take("-") ? "-" + (try identifiers(from: start)) : ""
        if take("+") { _ = try identifiers(from: start) }
        let fixed = parts.prefix { $0 != nil }.compactMap { $0 }
        let numbers = fixed + [String](repeating: "0", count: 3 - fixed.count)
        guard let bound = try? SemanticVersion(lenient: numbers.joined(separator: ".") + prerelease) else {
            throw failure("\(quoted(from: start, to: position)) is not a version")
        }
        switch fixed.count {
        case 0: return (bound, .all)
        case 1: return (bound, .minor)
        case 2: return (bound, .patch)
        default: return (bound, .none)
        }
    }

    /// The digits of a number; nil for a wildcard.
    private mutating func part(from start: Int) throws(HelmParseError) -> String? {
        let run = takeAll { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "xX*".utf8.contains($0) }
        guard let first = run.first else { throw failure("there is no version at \(quoted(from: start))") }
        if run.count == 1, "xX*".utf8.contains(first) { return nil }
        return String(decoding: run, as: UTF8.self)
    }

    /// Names joined by dots, as pre-releases and build metadata have them.
    private mutating func identifiers(from start: Int) throws(HelmParseError) -> String {
        let begin = position
        repeat {
            guard !takeAll({ SemanticVersion.isIdentifier($0) }).isEmpty else {
                throw failure("the version at \(quoted(from: start)) is cut off")
            }
        } while take(".")
        return String(decoding: text[begin..<position], as: UTF8.self)
    }

    // MARK: Bytes

    private mutating func takeAll(_ isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let run = text[position...].prefix(while: isWanted)
        position = run.endIndex
        return run
    }

    private mutating func take(_ token: String) -> Bool {
        guard text[position...].starts(with: token.utf8) else { return false }
        position += token.utf8.count
        return true
    }

    /// Whether there was any.
    private mutating func skipSpace() -> Bool { !takeAll { " \t\n\r\u{C}".utf8.contains($0) }.isEmpty }

    // MARK: Failures

    private func failure(_ what: String) -> HelmParseError {
        HelmParseError("version constraint \(HelmParseError.quote(String(decoding: text, as: UTF8.self))): \(what)")
    }

    /// What is left, for a sentence.
    private func quoted(from start: Int, to end: Int? = nil) -> String {
        let part = text[start..<(end ?? text.count)]
        return part.isEmpty ? "its end" : HelmParseError.quote(String(decoding: part, as: UTF8.self))
    }
}
