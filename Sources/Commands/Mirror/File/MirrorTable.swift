import Sync
import Transfer

/// The keys of a mirror in a mirror file.
enum MirrorTable {
    /// The key of the list.
    static let key = "mirrors"
    /// The key of what all mirrors have unless they say otherwise.
    static let defaultsKey = "defaults"

    /// How the entry at an index is read.
    static func table(of index: Int) -> SettingTable<MirrorEntry> {
        SettingTable(title: "a mirror", label: key + ".", place: "\(key).\(index).", settings: all)
    }

    /// How the defaults are read: all that is not a mirror's own.
    static var defaults: SettingTable<MirrorEntry> {
        let own = ends.map(\.path)
        let refusal = ValueMistake("is each mirror's own", hint: "write it in the entries of mirrors")
        return SettingTable(
            title: defaultsKey, label: defaultsKey + ".", place: defaultsKey + ".",
            settings: all.filter { !own.contains($0.path) },
            refusals: Dictionary(uniqueKeysWithValues: own.map { ($0, refusal) }))
    }

    /// Every key, in the order of the documentation.
    static let all: [Setting<MirrorEntry>] = ends + selection + content + running

    static let ends: [Setting<MirrorEntry>] = [
        name,
        place("from", \.from, "Where it comes from."),
        place("to", \.to, "Where it goes."),
    ]

    private static let name = Setting<MirrorEntry>(
        path: "name", form: "NAME", summary: "Its name: 1 to 64 of a-z, 0-9, '.', '_' and '-'.",
        read: { value, _, mirror throws(ValueMistake) in
            let text = try value.single()
            guard isName(text) else {
                throw ValueMistake(
                    "\(Printable.quoted(text)) is no name of a mirror",
                    hint: "use 1 to 64 of a-z, 0-9, '.', '_' and '-'")
            }
            mirror.name = text
        },
        write: { $0.name.map { .text($0) } ?? .nothing })

    /// Whether a text may name a mirror.
    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x61...0x7A: true
                default: "._-".utf8.contains(byte)
                }
            }
    }

    static func place(
        _ path: String, _ field: any MirrorField<MirrorPlace?>, _ summary: String
    ) -> Setting<MirrorEntry> {
        Setting(
            path: path, form: "PLACE", summary: summary,
            read: { value, place, mirror throws(ValueMistake) in
                mirror[keyPath: field] = try MirrorPlaceText.read(value, place)
            },
            write: { $0[keyPath: field].map { .text($0.description) } ?? .nothing })
    }

    static let running: [Setting<MirrorEntry>] =
        [prune]
        + [
            .duration(
                "prune.grace", .zero ... .seconds(3650 * 86_400), \.prune.details.grace,
                "How long it stays marked before it is removed."),
            .count(
                "prune.maximum", 1...1_000_000, \.prune.details.maximumCount,
                "The most references that one run removes."),
            .count(
                "prune.maximumPercent", 1...100, \.prune.details.maximumPercent,
                "The most, in hundredths of all that the mirror has put there."),
            every, cron,
            .duration(
                "schedule.jitter", .zero ... .seconds(86_400), \.jitter,
                "Up to so much is added to each time, by chance."),
            .duration(
                "destinationCheck", .zero ... .seconds(3650 * 86_400), \.destinationCheck,
                "How long a tag that was put there is trusted to name what it was given, before the destination is asked "
                    + "again; 0s asks in each run."),
            .count("concurrency", 1...256, \.concurrency, "How many references are worked on at a time."),
        ]

    private static let prune = onOff("prune", \.prune, "Whether what is not selected any more is removed there.")

    /// A key that is true, false, or a mapping of details, which means true.
    static func onOff<Details>(
        _ path: String, _ field: any MirrorField<MirrorEntry.Switch<Details>>, _ summary: String
    ) -> Setting<MirrorEntry> {
        Setting(
            path: path, form: "true|false", summary: summary + " Any key of it means true.",
            read: { value, _, mirror throws(ValueMistake) in
                mirror[keyPath: field].isOn = try ValueText.boolean(try value.single())
            },
            write: { .text($0[keyPath: field].isOn ? "true" : "false") })
    }

    private static let every = Setting<MirrorEntry>(
        path: "schedule.every", form: "DURATION", summary: "In a server: run so long after the last time it was due.",
        read: { value, _, mirror throws(ValueMistake) in
            let interval = try ValueText.duration(try value.single())
            guard (.seconds(60) ... .seconds(366 * 86_400)).contains(interval) else {
                throw ValueMistake("must be 1m to 366d, not \(ValueText.text(duration: interval))")
            }
            mirror.rhythm = .every(interval)
        },
        write: {
            if case .every(let interval) = $0.rhythm { .text(ValueText.text(duration: interval)) } else { .nothing }
        })

    private static let cron = Setting<MirrorEntry>(
        path: "schedule.cron", form: "CRON",
        summary: "In a server: run at these times, in UTC: minute hour day month weekday, or @daily and the like.",
        read: { value, _, mirror throws(ValueMistake) in
            let text = try value.single()
            mirror.rhythm = .cron(try understood { () throws(PatternError) in try CronLine(parsing: text) })
        },
        write: { if case .cron(let line) = $0.rhythm { .text(line.description) } else { .nothing } })

    /// What a pattern says is wrong, as what is wrong with a value.
    static func understood<Value>(_ read: () throws(PatternError) -> Value) throws(ValueMistake) -> Value {
        do throws(PatternError) {
            return try read()
        } catch {
            throw ValueMistake(error.description)
        }
    }
}
