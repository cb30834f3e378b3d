internal import Content
internal import OCIModel

// The attribute objects of Azure's data plane as JSON. Source: Azure.ContainerRegistry stable 2021-07-01
// containerregistry.json. What is missing reads as unknown, never as an error, except the names of things.
extension AttributeLocks {
    private static let names: [(String, AttributeLocks)] = [
        ("deleteEnabled", .delete), ("writeEnabled", .write), ("listEnabled", .list), ("readEnabled", .read),
    ]

    /// Reads `changeableAttributes`; what it does not name is not locked.
    init(json: JSONValue?) {
        self = .all
        for (name, lock) in AttributeLocks.names where json?[name]?.bool == false { remove(lock) }
    }

    /// The body of a PATCH.
    static func json(_ change: AttributeChange) -> JSONValue {
        .object(
            names.compactMap { name, lock in
                if change.disable.contains(lock) { return (name, .bool(false)) }
                return change.enable.contains(lock) ? (name, .bool(true)) : nil
            })
    }
}

extension RepositoryAttributes {
    init(json: JSONValue, name: RepositoryName) {
        self.init(
            name: name, createdAt: AttributeTime.microseconds(json["createdTime"]),
            updatedAt: AttributeTime.microseconds(json["lastUpdateTime"]),
            manifestCount: max(0, json["manifestCount"]?.integer ?? 0),
            tagCount: max(0, json["tagCount"]?.integer ?? 0),
            locks: AttributeLocks(json: json["changeableAttributes"]))
    }
}

extension TagAttributes {
    /// - Throws: `OCIParseError` when name or digest are malformed.
    init(json: JSONValue) throws(OCIParseError) {
        self.init(
            name: try Tag(parsing: json["name"]?.string ?? ""),
            digest: try Digest(parsing: json["digest"]?.string ?? ""),
            createdAt: AttributeTime.microseconds(json["createdTime"]),
            updatedAt: AttributeTime.microseconds(json["lastUpdateTime"]),
            locks: AttributeLocks(json: json["changeableAttributes"]))
    }
}

extension ManifestAttributes {
    /// - Throws: `OCIParseError` when digest, type or a tag are malformed.
    init(json: JSONValue) throws(OCIParseError) {
        var tags: [Tag] = []
        for text in json["tags"]?.array ?? [] { tags.append(try Tag(parsing: text.string ?? "")) }
        self.init(
            digest: try Digest(parsing: json["digest"]?.string ?? ""),
            mediaType: try MediaType(parsing: json["mediaType"]?.string ?? ""),
            configMediaType: json["configMediaType"]?.string, artifactType: json["artifactType"]?.string,
            imageSize: max(0, json["imageSize"]?.integer ?? 0),
            createdAt: AttributeTime.microseconds(json["createdTime"]),
            updatedAt: AttributeTime.microseconds(json["lastUpdateTime"]),
            pulledAt: json["lastPullTime"].map { AttributeTime.microseconds($0) }.flatMap { $0 == 0 ? nil : $0 },
            tags: tags.sorted(), locks: AttributeLocks(json: json["changeableAttributes"]))
    }
}

/// Times as attribute objects write them: ISO 8601, usually in UTC with seven digits behind the second.
enum AttributeTime {
    /// Microseconds since 1970; 0 for what is no time.
    static func microseconds(_ json: JSONValue?) -> Int64 {
        json?.string.flatMap { parse($0) } ?? 0
    }

    /// Reads `YYYY-MM-DDThh:mm:ss[.f…](Z|±hh:mm)`; nil for anything else.
    ///
    /// Digits beyond the microsecond are dropped.
    static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard (20...64).contains(bytes.count), bytes[4] == 0x2D, bytes[7] == 0x2D,
            bytes[10] == 0x54 || bytes[10] == 0x74 || bytes[10] == 0x20, bytes[13] == 0x3A, bytes[16] == 0x3A,
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), (1...12).contains(month),
            let day = number(bytes[8..<10]), (1...31).contains(day), let hour = number(bytes[11..<13]), hour < 24,
            let minute = number(bytes[14..<16]), minute < 60, let second = number(bytes[17..<19]), second <= 60
        else { return nil }
        var rest = bytes[19...]
        var micros: Int64 = 0
        if rest.first == 0x2E {
            let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty else { return nil }
            rest = rest[digits.endIndex...]
            let padded = digits.prefix(6) + repeatElement(0x30, count: max(0, 6 - digits.count))
            micros = number(padded) ?? 0
        }
        guard let offset = offsetSeconds(rest) else { return nil }
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return seconds * 1_000_000 + micros
    }

    private static func offsetSeconds(_ text: ArraySlice<UInt8>) -> Int64? {
        if text.elementsEqual([0x5A]) || text.elementsEqual([0x7A]) { return 0 }
        let text = Array(text)
        guard text.count == 6, text[3] == 0x3A, text[0] == 0x2B || text[0] == 0x2D, let hours = number(text[1..<3]),
            let minutes = number(text[4..<6])
        else { return nil }
        return (text[0] == 0x2D ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit), value < 1_000_000_000 else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }

    /// Days since 1970-01-01 in the Gregorian calendar; the year is counted from March, so the leap day comes last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
