import OCIModel

/// Reads trees into fields as sigs.k8s.io/yaml v1.6.0 and Go's encoding/json do together.
///
/// Null leaves a text or a boolean as it is and empties a collection; a list fills the elements that are there
/// already; numbers and booleans become text where text is wanted.
enum TreeReader {
    /// The known fields of an object in the order Go meets them: sorted by their names' bytes.
    static func fields<Field: RawRepresentable<String> & CaseIterable>(
        _ type: Field.Type, of tree: JSONValue, at place: String
    ) throws(HelmParseError) -> [(Field, JSONValue)] {
        if case .null = tree { return [] }
        guard let members = tree.members else { throw HelmParseError("\(place) must be a mapping") }
        let sorted = members.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
        return sorted.compactMap { name, value in
            let field = Field(rawValue: name) ?? Field.allCases.first { isSame($0.rawValue, name) }
            return field.map { ($0, value) }
        }
    }

    /// Whether Go's decoder takes a name for a field's, which is ASCII.
    private static func isSame(_ field: String, _ name: String) -> Bool {
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else { return fold(field) == fold(name) }
        return field.utf8.count == name.utf8.count
            && zip(field.utf8, name.utf8).allSatisfy { left, right in
                left == right || (left ^ right == 0x20 && (0x61...0x7A).contains(left | 0x20))
            }
    }

    /// Lower case as far as Go's decoder goes: ASCII, and the two characters that fold into it.
    private static func fold(_ name: String) -> String {
        var folded = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar {
            case "A"..."Z": folded.append(Unicode.Scalar(UInt8(scalar.value) + 0x20))
            case "\u{212A}": folded.append("k")
            case "\u{17F}": folded.append("s")
            default: folded.append(scalar)
            }
        }
        return String(folded)
    }

    /// The place is put together only for an error: an index has a million texts.
    static func read(
        _ value: JSONValue, into text: inout String, at place: @autoclosure () -> String
    ) throws(HelmParseError) {
        switch value {
        case .null: break
        case .string(let string): text = string
        case .integer(let integer): text = String(integer)
        case .number(let number): text = GoNumber.text(float32: number)
        case .bool(let bool): text = bool ? "true" : "false"
        case .array, .object: throw HelmParseError("\(place()) must be text")
        }
    }

    static func read(_ value: JSONValue, into flag: inout Bool, at place: String) throws(HelmParseError) {
        switch value {
        case .null: break
        case .bool(let bool): flag = bool
        case .string, .integer, .number, .array, .object: throw HelmParseError("\(place) must be true or false")
        }
    }

    static func read(_ value: JSONValue, into texts: inout [String], at place: String) throws(HelmParseError) {
        var result: [String] = []
        for (position, element) in try elements(of: value, at: place).enumerated() {
            var text = position < texts.count ? texts[position] : ""
            try read(element, into: &text, at: "\(place)[\(position)]")
            result.append(text)
        }
        texts = result
    }

    static func read<Element: TreeReadable>(
        _ value: JSONValue, into list: inout [Element], at place: String
    ) throws(HelmParseError) {
        var result: [Element] = []
        for (position, tree) in try elements(of: value, at: place).enumerated() {
            let place = "\(place)[\(position)]"
            if case .null = tree { throw HelmParseError("\(place) must not be empty or null") }
            var element = position < list.count ? list[position] : Element()
            try element.overlay(tree, at: place)
            result.append(element)
        }
        list = result
    }

    static func read(_ value: JSONValue, into map: inout [String: String], at place: String) throws(HelmParseError) {
        if case .null = value {
            map = [:]
            return
        }
        guard let members = value.members else { throw HelmParseError("\(place) must be a mapping of texts") }
        for (name, value) in members {
            var text = ""
            try read(value, into: &text, at: "\(place).\(HelmParseError.quote(name))")
            map[name] = text
        }
    }

    static func read(_ value: JSONValue, into values: inout [JSONValue], at place: String) throws(HelmParseError) {
        var result: [JSONValue] = []
        for element in try elements(of: value, at: place) { result.append(try untyped(element, at: place)) }
        values = result
    }

    private static func elements(of value: JSONValue, at place: String) throws(HelmParseError) -> [JSONValue] {
        if case .null = value { return [] }
        guard let elements = value.array else { throw HelmParseError("\(place) must be a list") }
        return elements
    }

    /// What is left of a value behind Go's `interface{}`: numbers are float64, keys are sorted.
    private static func untyped(_ value: JSONValue, at place: String) throws(HelmParseError) -> JSONValue {
        switch value {
        case .null, .bool, .string: return value
        case .integer(let integer):
            return Int64(exactly: Double(integer)) == integer ? value : .number(Double(integer))
        case .number(let number):
            guard number.isFinite else { throw HelmParseError("\(place) holds a number that JSON has not") }
            return Int64(exactly: number).map { .integer($0) } ?? value
        case .array(let elements):
            var result: [JSONValue] = []
            for element in elements { result.append(try untyped(element, at: place)) }
            return .array(result)
        case .object(let members):
            var result: [(String, JSONValue)] = []
            for (name, value) in members.sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }) {
                result.append((name, try untyped(value, at: place)))
            }
            return .object(result)
        }
    }
}
