extension SemanticVersion {
    /// Bytes that compare as versions do: `<` of the keys, byte by byte, is `<` of the versions.
    ///
    /// A key that is the beginning of another comes first, as in SQLite and `memcmp`. Two versions share a key only
    /// when they are equal. Layout: major, minor and patch with 8 bytes each, the highest first; then `FF` for a
    /// release, or for each pre-release identifier `01`, four bytes of length and the digits when it is a number, or
    /// `02`, its characters and `00`, and a `00` behind the last; then the characters of the build metadata.
    public var orderKey: [UInt8] {
        var key: [UInt8] = []
        key.reserveCapacity(25 + 8 * prerelease.count + build.utf8.count)
        for number in [major, minor, patch] { SemanticVersion.append(number, bytes: 8, to: &key) }
        if prerelease.isEmpty { key.append(0xFF) }
        for identifier in prerelease {
            if SemanticVersion.isNumber(identifier) {
                // Without leading zeros the longer number is the greater one.
                key.append(0x01)
                SemanticVersion.append(UInt64(identifier.utf8.count), bytes: 4, to: &key)
                key += identifier.utf8
            } else {
                key.append(0x02)
                key += identifier.utf8
                key.append(0x00)
            }
        }
        if !prerelease.isEmpty { key.append(0x00) }
        key += build.utf8
        return key
    }

    private static func append(_ number: UInt64, bytes: Int, to key: inout [UInt8]) {
        for position in (0..<bytes).reversed() { key.append(UInt8(truncatingIfNeeded: number >> (8 * position))) }
    }

    /// Where a version stands among those of its chart: `orderKey`, a zero byte, the version as written, a zero byte.
    ///
    /// What is written tells versions apart that SemVer holds for equal, as `1.0` and `v1.0.0`; the last zero keeps the
    /// order downwards the exact opposite of the order upwards. Nil for a text that Helm takes for no version.
    public static func listingOrder(ofVersion text: String) -> [UInt8]? {
        guard let version = try? SemanticVersion(lenient: text) else { return nil }
        return version.orderKey + [0] + text.utf8 + [0]
    }

    /// Takes back what `orderKey` gave; nil when it is nothing that `orderKey` gives.
    ///
    /// A release without build metadata allocates nothing.
    public init?(orderKey key: [UInt8]) {
        var reader = OrderKeyReader(rest: key[...])
        guard let major = reader.number(bytes: 8), let minor = reader.number(bytes: 8),
            let patch = reader.number(bytes: 8), let prerelease = reader.prerelease(),
            let build = reader.build()
        else { return nil }
        self.init(major: major, minor: minor, patch: patch, prerelease: prerelease, build: build)
    }
}

/// Takes a key apart from the left.
private struct OrderKeyReader {
    var rest: ArraySlice<UInt8>

    mutating func number(bytes count: Int) -> UInt64? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func prerelease() -> [String]? {
        if rest.first == 0xFF {
            rest = rest.dropFirst()
            return []
        }
        var identifiers: [String] = []
        while true {
            switch rest.popFirst() {
            case 0x00: return identifiers.isEmpty ? nil : identifiers
            case 0x01:
                guard let digits = numeral() else { return nil }
                identifiers.append(digits)
            case 0x02:
                guard let word = word() else { return nil }
                identifiers.append(word)
            default: return nil
            }
        }
    }

    private mutating func numeral() -> String? {
        guard let count = number(bytes: 4), count > 0, count <= UInt64(rest.count) else { return nil }
        let digits = String(decoding: rest.prefix(Int(count)), as: UTF8.self)
        rest = rest.dropFirst(Int(count))
        guard SemanticVersion.isNumber(digits), count == 1 || digits.utf8.first != UInt8(ascii: "0") else { return nil }
        return digits
    }

    private mutating func word() -> String? {
        let bytes = rest.prefix { $0 != 0x00 }
        guard bytes.endIndex < rest.endIndex, OrderKeyReader.isIdentifier(bytes) else { return nil }
        rest = rest[bytes.endIndex...].dropFirst()
        let word = String(decoding: bytes, as: UTF8.self)
        return SemanticVersion.isNumber(word) ? nil : word
    }

    func build() -> String? {
        guard !rest.isEmpty else { return "" }
        let parts = rest.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.allSatisfy(OrderKeyReader.isIdentifier) ? String(decoding: rest, as: UTF8.self) : nil
    }

    private static func isIdentifier(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(SemanticVersion.isIdentifier)
    }
}
