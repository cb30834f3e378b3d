/// An ordered list of header fields.
///
/// Names compare without case; values are kept as given.
public struct HeaderFields: Sendable, Equatable {
    /// One field: name as given, value without surrounding white space.
    public struct Field: Sendable, Equatable {
        /// The name as given.
        public var name: String
        /// The value.
        public var value: String
    }

    /// The fields in order of arrival.
    public private(set) var fields: [Field]

    /// Builds a list from pairs, in order.
    public init(_ pairs: [(name: String, value: String)] = []) {
        fields = pairs.map { Field(name: $0.name, value: $0.value) }
    }

    /// Adds a field behind the others; one of the same name stays.
    public mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Replaces every field of that name by one.
    public mutating func set(_ name: String, _ value: String) {
        fields.removeAll { HeaderFields.sameName($0.name, name) }
        append(name, value)
    }

    /// Removes every field of that name.
    public mutating func remove(_ name: String) {
        fields.removeAll { HeaderFields.sameName($0.name, name) }
    }

    /// Every value under that name, in order.
    public func values(_ name: String) -> [String] {
        fields.compactMap { HeaderFields.sameName($0.name, name) ? $0.value : nil }
    }

    /// The values under that name joined by `, ` as RFC 9110 section 5.3 allows, or nil where there is none.
    public subscript(_ name: String) -> String? {
        var joined: String?
        for field in fields where HeaderFields.sameName(field.name, name) {
            joined = joined.map { $0 + ", " + field.value } ?? field.value
        }
        return joined
    }

    /// Whether two names are the same field: ASCII letters compare without case.
    public static func sameName(_ left: String, _ right: String) -> Bool {
        let left = left.utf8
        let right = right.utf8
        guard left.count == right.count else { return false }
        return zip(left, right).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 | 0x20 && (0x61...0x7A).contains($0 | 0x20)) }
    }
}
