import Sync
import Transfer

extension MirrorTable {
    static let content: [Setting<MirrorEntry>] =
        [
            naming("naming", \.naming, "Its name below to: {repository}, {path}, {name} and {host}, and text between."),
            platforms,
            onOff("referrers", \.referrers, "Whether signatures, SBOMs and the like come along."),
            .names(
                "referrers.include", \.referrers.details.include, "Only these artifact types, * for any part of one."),
            .names("referrers.exclude", \.referrers.details.exclude, "Not these artifact types."),
            immutable,
            .boolean(
                "dependencies", \.dependencies, "Whether the charts that charts depend on come along.", flag: .none),
            onOff("images", \.images, "Whether the container images that charts name come along."),
            .boolean(
                "images.enabled", \.images.isOn, "Whether they do: false keeps the other keys for later.", flag: .none),
            place("images.to", \.images.details.to, "Where images go; without it, to the mirror's destination."),
            naming("images.naming", \.images.details.naming, "How they are named there."),
            confidence,
            patterns("images.exclude", \.images.details.exclude, "Images left out, as host/repository patterns."),
            .names("closureHosts", \.hosts, "The hosts that charts may lead to; without it, any."),
        ]

    private static func naming(
        _ path: String, _ field: any MirrorField<NameTemplate>, _ summary: String
    ) -> Setting<MirrorEntry> {
        Setting(
            path: path, form: "TEMPLATE", summary: summary,
            read: { value, _, mirror throws(ValueMistake) in
                let text = try value.single()
                mirror[keyPath: field] = try understood { () throws(PatternError) in try NameTemplate(text) }
            },
            write: { .text($0[keyPath: field].description) })
    }

    private static let platforms = Setting<MirrorEntry>(
        path: "platforms", form: "[OS/ARCHITECTURE, ...]", summary: "Platforms of images; without it, all.",
        read: { value, _, mirror throws(ValueMistake) in
            mirror.platforms = try each(value) { text throws(ValueMistake) in
                guard let platform = Platform(text) else {
                    throw ValueMistake(
                        "\(Printable.quoted(text)) is no platform", hint: "write linux/amd64 or linux/arm/v7")
                }
                return platform
            }
        },
        write: { .list($0.platforms.map(\.description)) })

    private static let immutable = Setting<MirrorEntry>(
        path: "immutable", form: "none|versions|all|/REGEX/",
        summary: "Which tags never move: they are not asked for again, and one that moved is reported, not followed.",
        read: { value, _, mirror throws(ValueMistake) in
            switch try value.single() {
            case "none": mirror.immutable = .none
            case "versions": mirror.immutable = .versions
            case "all": mirror.immutable = .all
            case let text where text.utf8.count > 2 && text.hasPrefix("/") && text.hasSuffix("/"):
                let inner = String(text.dropFirst().dropLast())
                mirror.immutable = .matching(try understood { () throws(PatternError) in try TextPattern(inner) })
            case let text:
                throw ValueMistake(
                    "must be none, versions, all or /regex/, not \(Printable.quoted(text))",
                    hint: Suggestion.hint(for: text, among: ["none", "versions", "all"]))
            }
        },
        write: {
            switch $0.immutable {
            case .none: .text("none")
            case .versions: .text("versions")
            case .all: .text("all")
            case .matching(let pattern): .text("/\(pattern)/")
            }
        })

    private static let confidences: [(word: String, value: ImageConfidence)] = [
        ("high", .high), ("medium", .medium), ("low", .low),
    ]

    private static let confidence = Setting<MirrorEntry>(
        path: "images.confidence", form: "high|medium|low",
        summary: "The least: high for what the chart lists, medium for its values, low for its templates.",
        read: { value, _, mirror throws(ValueMistake) in
            let text = try value.single()
            guard let found = confidences.first(where: { $0.word == text }) else {
                throw ValueMistake(
                    "must be high, medium or low, not \(Printable.quoted(text))",
                    hint: Suggestion.hint(for: text, among: confidences.map(\.word)))
            }
            mirror.images.details.confidence = found.value
        },
        write: { mirror in
            .text(confidences.first { $0.value == mirror.images.details.confidence }?.word ?? "medium")
        })
}
