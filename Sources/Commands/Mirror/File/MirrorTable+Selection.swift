import HelmModel
import OCIModel
import Sync
import Transfer

extension MirrorTable {
    static let selection: [Setting<MirrorEntry>] =
        [
            patterns(
                "repositories", \.repositories, "Which repositories below from, or charts: names, * and **, /regex/."),
            patterns("exclude", \.exclude, "Which not, whatever repositories says."),
            versions, exact, constraint, regex,
            newest("versions.newest", \.versions.newest, "The newest so many."),
            newest("versions.newestPerMinor", \.versions.newestPerMinor, "The newest so many of each minor version."),
            minimumAge, prereleases, pins,
        ]

    static func patterns(
        _ path: String, _ field: any MirrorField<[NamePattern]>, _ summary: String
    ) -> Setting<MirrorEntry> {
        Setting(
            path: path, form: "[PATTERN, ...]", summary: summary,
            read: { value, _, mirror throws(ValueMistake) in
                mirror[keyPath: field] = try each(value) { text throws(ValueMistake) in
                    try understood { () throws(PatternError) in try NamePattern(text) }
                }
            },
            write: { .list($0[keyPath: field].map(\.description)) })
    }

    /// Every element of a list, with the number of the one that is wrong.
    static func each<Value>(
        _ value: GivenValue, _ read: (String) throws(ValueMistake) -> Value
    ) throws(ValueMistake) -> [Value] {
        var values: [Value] = []
        for (index, text) in try value.list(fromFile: true).enumerated() {
            do throws(ValueMistake) {
                values.append(try read(text))
            } catch {
                throw error.at(index)
            }
        }
        return values
    }

    private static let versions = Setting<MirrorEntry>(
        path: "versions", form: "CONSTRAINT", summary: "The same as versions.constraint alone.",
        read: constraintText, write: { _ in .nothing })

    private static let constraint = Setting<MirrorEntry>(
        path: "versions.constraint", form: "CONSTRAINT", summary: "As helm --version reads it: \">=1.2 <3\", \"^4\".",
        read: constraintText, write: { $0.versions.constraint.map { .text($0.description) } ?? .nothing })

    private static let constraintText:
        @Sendable (GivenValue, ValuePlace, inout MirrorEntry) throws(ValueMistake) -> Void = {
            value, _, mirror throws(ValueMistake) in
            let text = try value.single()
            do throws(HelmParseError) {
                mirror.versions.constraint = try ChartConstraint(parsing: text)
            } catch {
                throw ValueMistake(error.description)
            }
        }

    private static let exact = Setting<MirrorEntry>(
        path: "versions.exact", form: "[VERSION, ...]", summary: "Just these versions or tags.",
        read: { value, _, mirror throws(ValueMistake) in
            mirror.versions.exact = try each(value) { text throws(ValueMistake) in
                guard isVersion(text) else { throw ValueMistake("\(Printable.quoted(text)) is no version and no tag") }
                return text
            }
        },
        write: { .list($0.versions.exact) })

    /// Whether a text may be a version or a tag: the length of a tag, none of what separates references.
    static func isVersion(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/:@".utf8.contains($0) }
    }

    private static let regex = Setting<MirrorEntry>(
        path: "versions.regex", form: "REGEX", summary: "Versions or tags that match as a whole.",
        read: { value, _, mirror throws(ValueMistake) in
            let text = try value.single()
            mirror.versions.regex = try understood { () throws(PatternError) in try TextPattern(text) }
        },
        write: { $0.versions.regex.map { .text($0.description) } ?? .nothing })

    private static func newest(
        _ path: String, _ field: any MirrorField<Int?>, _ summary: String
    ) -> Setting<MirrorEntry> {
        Setting(
            path: path, form: "NUMBER", summary: summary,
            read: { value, _, mirror throws(ValueMistake) in
                let number = try ValueText.count(try value.single())
                guard (1...1_000_000).contains(number) else {
                    throw ValueMistake(
                        "must be 1 to 1000000, not \(number)", hint: "leave the key out for all versions")
                }
                mirror[keyPath: field] = number
            },
            write: { $0[keyPath: field].map { .text(String($0)) } ?? .nothing })
    }

    private static let minimumAge = Setting<MirrorEntry>(
        path: "versions.minimumAge", form: "DURATION", summary: "Only what was made at least so long ago.",
        read: { value, _, mirror throws(ValueMistake) in
            let age = try ValueText.duration(try value.single())
            guard age <= .seconds(3650 * 86_400) else { throw ValueMistake("must be at most 3650d") }
            mirror.versions.minimumAge = age == .zero ? nil : age
        },
        write: { $0.versions.minimumAge.map { .text(ValueText.text(duration: $0)) } ?? .nothing })

    private static let prereleases = Setting<MirrorEntry>(
        path: "versions.prereleases", form: "true|false",
        summary: "Whether pre-releases count; without it the constraint says so, and all count where there is none.",
        read: { value, _, mirror throws(ValueMistake) in
            mirror.versions.prereleases = try ValueText.boolean(try value.single())
        },
        write: { $0.versions.prereleases.map { .text($0 ? "true" : "false") } ?? .nothing })

    private static let pins = Setting<MirrorEntry>(
        path: "pins", form: "[REFERENCE, ...]",
        summary: "NAME:VERSION@DIGEST or NAME@DIGEST: always selected, and what they must be.",
        read: { value, _, mirror throws(ValueMistake) in
            mirror.pins = try each(value) { text throws(ValueMistake) in try MirrorPin(text) }
        },
        write: { .list($0.pins.map(\.text)) })
}

extension MirrorPin {
    /// Reads `repository[:version]@digest`.
    init(_ text: String) throws(ValueMistake) {
        let hint = "write nginx:1.2.3@sha256:… or nginx@sha256:…"
        guard let at = text.lastIndex(of: "@") else {
            throw ValueMistake("\(Printable.quoted(text)) has no digest", hint: hint)
        }
        let parts = text[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let version = parts.count == 2 ? parts[1] : nil
        let isName = !parts[0].isEmpty && parts[0].utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isName, version.map(MirrorTable.isVersion) ?? true else {
            throw ValueMistake("\(Printable.quoted(text)) is no pin", hint: hint)
        }
        do throws(OCIParseError) {
            self.init(
                repository: parts[0], version: version, digest: try Digest(parsing: text[text.index(after: at)...]))
        } catch {
            throw ValueMistake(error.description, hint: hint)
        }
    }

    /// `repository[:version]@digest`.
    var text: String { repository + (version.map { ":" + $0 } ?? "") + "@" + digest.description }
}
