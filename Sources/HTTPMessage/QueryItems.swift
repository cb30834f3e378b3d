/// The items of a query, in order, percent-decoded.
///
/// `+` stays `+`.
public struct QueryItems: Sendable, Equatable {
    /// One item; `a` and `a=` both have an empty value.
    public struct Item: Sendable, Equatable {
        /// The decoded name.
        public var name: String
        /// The decoded value.
        public var value: String
    }

    /// How many items a query may have.
    public static let maximumCount = 64

    /// The items in order of appearance.
    public let items: [Item]

    /// Reads a raw query, given without its `?`.
    ///
    /// Empty items (`&&`) are skipped. Nil for a broken escape, a NUL, bytes that are not UTF-8, or more than
    /// `maximumCount` items.
    public init?(parsing rawQuery: String) {
        var items: [Item] = []
        var rest = Substring(rawQuery).utf8
        while !rest.isEmpty {
            let piece = rest.prefix { $0 != 0x26 }
            rest = rest[piece.endIndex...].dropFirst()
            guard !piece.isEmpty else { continue }
            let name = piece.prefix { $0 != 0x3D }
            let value = piece[name.endIndex...].dropFirst()
            guard items.count < QueryItems.maximumCount, let name = PercentEncoding.decode(Substring(name)),
                let value = PercentEncoding.decode(Substring(value))
            else { return nil }
            items.append(Item(name: name, value: value))
        }
        self.items = items
    }

    /// The value of the first item of that name; names compare exactly.
    public func first(_ name: String) -> String? {
        items.first { $0.name == name }?.value
    }

    /// The values of every item of that name, in order.
    public func all(_ name: String) -> [String] {
        items.filter { $0.name == name }.map(\.value)
    }
}
