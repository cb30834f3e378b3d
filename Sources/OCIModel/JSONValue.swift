/// A JSON document as a tree.
///
/// Object members keep their order; a name may appear twice when the text had it twice.
public enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object, members in order.
    case object([(String, JSONValue)])

    /// An object of strings, sorted by key.
    public init(sorted strings: [String: String]) {
        self = .object(strings.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    /// The last member of that name, or nil; what Go's and Foundation's decoders would take.
    public subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.0 == name }?.1
    }

    /// The string, when it is one.
    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The integer, when it is one.
    public var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The boolean, when it is one.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements, when it is an array.
    public var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members, when it is an object.
    public var members: [(String, JSONValue)]? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The members as strings, when it is an object of strings.
    public var stringMap: [String: String]? {
        guard let members else { return nil }
        var map: [String: String] = [:]
        for (name, value) in members {
            guard let text = value.string else { return nil }
            map[name] = text
        }
        return map
    }
}

extension JSONValue: Equatable {
    /// Equal trees: same values, same order of members; `1.0` is the number `1`, which is how it is written.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.integer(let whole), .number(let number)), (.number(let number), .integer(let whole)):
            Int64(exactly: number) == whole
        case (.string(let left), .string(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.0 == $1.0 && $0.1 == $1.1 }
        default: false
        }
    }
}
