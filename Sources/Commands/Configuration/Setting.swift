/// One setting, declared once: the file, the environment, the flags, `config show` and the documentation read this.
///
/// `Root` is what holds the value: the configuration, or an upstream of it.
struct Setting<Root: Sendable>: Sendable {
    /// The words that lead to it in the file, with dots: `limits.headerBytes`.
    var path: String
    /// What its value looks like: `SIZE`, `DURATION`, `true|false`.
    var form: String
    /// One sentence for the documentation.
    var summary: String
    /// How it is given on the command line of `serve`.
    var flag = FlagForm.value
    /// What a value of it may be, for completion.
    var kind = Command.ValueKind.text
    /// Understands a value; the place decides how lists and paths are read.
    var read: @Sendable (GivenValue, ValuePlace, inout Root) throws(ValueMistake) -> Void
    /// The value as it would be written in the file.
    var write: @Sendable (Root) -> WrittenValue
}

/// How a setting is given on the command line.
enum FlagForm: Sendable {
    /// `--key VALUE`.
    case value
    /// `--key` alone, for true.
    case present
    /// Not at all.
    case none
}

/// What reading needs to know of where a value stands.
struct ValuePlace: Sendable {
    var isFile: Bool
    var home: String?
    /// For values in which variables may stand.
    var environment: [String: String] = [:]
}

/// A value as it is written in a file.
enum WrittenValue: Sendable, Equatable {
    case text(String)
    case list([String])
    /// Not set, and no default.
    case nothing
}

/// A setting of the program.
typealias ConfigurationKey = Setting<Configuration>

extension Setting where Root == Configuration {
    /// Every setting, in the order of the documentation.
    static var all: [ConfigurationKey] { ConfigurationTable.all }

    /// `CHARTROOM_LIMITS_HEADER_BYTES`.
    var environmentName: String {
        "CHARTROOM_" + ConfigurationKey.words(path).map { $0.uppercased() }.joined(separator: "_")
    }

    /// `limits-header-bytes`, without the dashes in front.
    var flagName: String { ConfigurationKey.words(path).joined(separator: "-") }

    /// The option of `serve`, if it has one.
    var option: Command.Option? {
        switch flag {
        case .none: nil
        case .present: .flag(flagName, summary)
        case .value: .value(flagName, form, summary, kind: kind)
        }
    }

    /// The key's words in lower case, split at dots and capitals.
    private static func words(_ path: String) -> [String] {
        var words = [""]
        for character in path {
            if character == "." || character.isUppercase { words.append("") }
            if character != "." { words[words.count - 1] += character.lowercased() }
        }
        return words
    }
}

extension Setting {
    typealias Field<Value> = WritableKeyPath<Root, Value> & Sendable

    static func size(
        _ path: String, _ range: ClosedRange<Int>, _ field: any Field<Int>, _ summary: String
    ) -> Setting {
        Setting(
            path: path, form: "SIZE", summary: summary, flag: .none,
            read: { value, _, root throws(ValueMistake) in
                let size = try ValueText.size(try value.single())
                guard range.contains(size) else {
                    let ends = (ValueText.text(size: range.lowerBound), ValueText.text(size: range.upperBound))
                    throw ValueMistake("must be \(ends.0) to \(ends.1), not \(ValueText.text(size: size))")
                }
                root[keyPath: field] = size
            },
            write: { .text(ValueText.text(size: $0[keyPath: field])) })
    }

    static func count(
        _ path: String, _ range: ClosedRange<Int>, _ field: any Field<Int>, _ summary: String
    ) -> Setting {
        Setting(
            path: path, form: "NUMBER", summary: summary, flag: .none,
            read: { value, _, root throws(ValueMistake) in
                let number = try ValueText.count(try value.single())
                guard range.contains(number) else {
                    throw ValueMistake("must be \(range.lowerBound) to \(range.upperBound), not \(number)")
                }
                root[keyPath: field] = number
            },
            write: { .text(String($0[keyPath: field])) })
    }

    static func duration(
        _ path: String, _ range: ClosedRange<Duration>, _ field: any Field<Duration>, _ summary: String,
        flag: FlagForm = .none
    ) -> Setting {
        Setting(
            path: path, form: "DURATION", summary: summary, flag: flag,
            read: { value, _, root throws(ValueMistake) in
                let duration = try ValueText.duration(try value.single())
                guard range.contains(duration) else {
                    let ends = (ValueText.text(duration: range.lowerBound), ValueText.text(duration: range.upperBound))
                    throw ValueMistake("must be \(ends.0) to \(ends.1), not \(ValueText.text(duration: duration))")
                }
                root[keyPath: field] = duration
            },
            write: { .text(ValueText.text(duration: $0[keyPath: field])) })
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ path: String, _ field: any Field<Value>, _ summary: String
    ) -> Setting {
        let words = Value.allCases.map(\.rawValue)
        return Setting(
            path: path, form: words.joined(separator: "|"), summary: summary, kind: .choice(words),
            read: { value, _, root throws(ValueMistake) in
                root[keyPath: field] = try ValueText.choice(try value.single(), Value.self)
            },
            write: { .text($0[keyPath: field].rawValue) })
    }

    static func boolean(
        _ path: String, _ field: any Field<Bool>, _ summary: String, flag: FlagForm = .present
    ) -> Setting {
        Setting(
            path: path, form: "true|false", summary: summary, flag: flag, kind: .choice(["true", "false"]),
            read: { value, _, root throws(ValueMistake) in
                root[keyPath: field] = try ValueText.boolean(try value.single())
            },
            write: { .text($0[keyPath: field] ? "true" : "false") })
    }

    static func path(
        _ path: String, _ field: any Field<String?>, endings: [String], _ summary: String
    ) -> Setting {
        Setting(
            path: path, form: "FILE", summary: summary, kind: .file(endings: endings),
            read: { value, place, root throws(ValueMistake) in
                root[keyPath: field] = try value.path(home: place.home)
            },
            write: { $0[keyPath: field].map { .text($0) } ?? .nothing })
    }

    static func names(_ path: String, _ field: any Field<[String]>, _ summary: String) -> Setting {
        Setting(
            path: path, form: "NAME,...", summary: summary,
            read: { value, place, root throws(ValueMistake) in
                let names = try value.list(fromFile: place.isFile)
                guard names.allSatisfy({ !$0.isEmpty }) else { throw ValueMistake("holds an empty name") }
                root[keyPath: field] = names
            },
            write: { .list($0[keyPath: field]) })
    }
}
