import HelmModel
import Posix
import Sync

/// Tells what does not fit together in a mirror file, and what is hardly meant.
struct MirrorFileCheck {
    private let loaded: LoadedMirrorFile
    private let environment: [String: String]
    private(set) var mistakes: [ConfigurationMistake] = []
    private(set) var warnings: [ConfigurationMistake] = []
    /// The mirrors with the number of their entry, which counts those that could not be understood too.
    private let mirrors: [(index: Int, rule: MirrorRule)]

    /// - Parameter entries: what was read of each mirror; empty when every mirror of the file was understood.
    init(_ loaded: LoadedMirrorFile, _ entries: [MirrorEntry], _ environment: [String: String]) {
        self.loaded = loaded
        self.environment = environment
        mirrors =
            entries.isEmpty
            ? loaded.file.mirrors.enumerated().map { ($0.offset, $0.element) }
            : entries.enumerated().compactMap { entry in entry.element.rule.map { (entry.offset, $0) } }
        if loaded.mistakes.isEmpty, loaded.file.mirrors.isEmpty {
            let origin = loaded.origins[MirrorTable.key] ?? .file(path: loaded.path, line: 1, column: 1)
            mistakes.append(ConfigurationMistake(origin: origin, message: "there is no mirror in this file"))
        }
        checkNames(entries)
        for (index, rule) in mirrors {
            checkPlaces(index, rule)
            checkContent(index, rule)
            checkVersions(index, rule)
        }
        checkDestinations()
        for (index, host) in loaded.file.hosts.enumerated() { checkHost(index, host) }
        checkUse()
    }

    // MARK: Places of mistakes

    private func origin(_ list: String, _ index: Int, _ key: String) -> Origin {
        // An entry that has a value from the defaults is wrong where they stand.
        loaded.origins["\(list).\(index).\(key)"] ?? loaded.origins["defaults.\(key)"]
            ?? loaded.origins["\(list).\(index)"] ?? .file(path: loaded.path, line: 1, column: 1)
    }

    private mutating func note(_ index: Int, _ key: String, _ message: String, hint: String? = nil) {
        mistakes.append(
            ConfigurationMistake(
                origin: origin(MirrorTable.key, index, key), message: "\(MirrorTable.key).\(key): \(message)",
                hint: hint))
    }

    private mutating func warn(_ index: Int, _ key: String, _ message: String, hint: String? = nil) {
        warnings.append(
            ConfigurationMistake(
                origin: origin(MirrorTable.key, index, key), message: "\(MirrorTable.key).\(key): \(message)",
                hint: hint))
    }

    private mutating func noteHost(_ index: Int, _ key: String, _ message: String, hint: String? = nil) {
        mistakes.append(
            ConfigurationMistake(
                origin: origin(MirrorHostTable.key, index, key), message: "\(MirrorHostTable.key).\(key): \(message)",
                hint: hint))
    }

    // MARK: Mirrors

    private mutating func checkNames(_ entries: [MirrorEntry]) {
        var known: [String: Int] = [:]
        let names =
            entries.isEmpty
            ? mirrors.map { ($0.index, $0.rule.name) }
            : entries.enumerated().compactMap { entry in
                entry.element.name.map { (entry.offset, $0) }
            }
        for (index, name) in names {
            if let other = known[name] {
                note(
                    index, "name",
                    "\(Printable.quoted(name)) is already the name of the mirror at \(origin(MirrorTable.key, other, "name"))"
                )
            } else {
                known[name] = index
            }
        }
    }

    private mutating func checkPlaces(_ index: Int, _ rule: MirrorRule) {
        if rule.from == rule.to, rule.naming == .same {
            note(index, "to", "is where it comes from", hint: "give another place, or a naming")
        }
        guard case .charts = rule.to else { return }
        if rule.naming != .same, rule.naming.description != "{name}" {
            note(
                index, "naming", "a chart repository keeps charts under their own names",
                hint: "leave it out, or mirror to a registry")
        }
        if rule.closure.images != nil, rule.closure.images?.to == nil {
            note(index, "images", "a chart repository takes no images", hint: "set images.to to a registry")
        }
        if rule.referrers != nil {
            note(
                index, "referrers", "a chart repository takes no referrers",
                hint: "provenance of charts comes along by itself; leave it out, or mirror to a registry")
        }
    }

    private mutating func checkContent(_ index: Int, _ rule: MirrorRule) {
        let isClassic = if case .charts = rule.from { true } else { false }
        if case .charts? = rule.closure.images?.to {
            note(
                index, "images.to", "a chart repository takes no images",
                hint: "set it to a registry, a store or a layout")
        }
        if isClassic, rule.closure.images == nil, !rule.platforms.isEmpty {
            warn(
                index, "platforms", "does nothing: only images have platforms, and there are none in a chart repository"
            )
        }
        if isClassic, rule.closure.images == nil, rule.referrers != nil {
            warn(index, "referrers", "does nothing: a chart repository has none")
        }
        if !rule.closure.hosts.isEmpty, !rule.closure.dependencies, rule.closure.images == nil {
            warn(index, "closureHosts", "does nothing without dependencies or images")
        }
    }

    private mutating func checkVersions(_ index: Int, _ rule: MirrorRule) {
        let selection = rule.versions
        guard !selection.exact.isEmpty else { return }
        if let constraint = selection.constraint {
            let fits = selection.exact.contains { text in
                guard let version = try? SemanticVersion(lenient: text) else { return false }
                return constraint.constraint.matches(version, includingPrereleases: selection.prereleases ?? false)
            }
            if !fits {
                warn(index, "versions.exact", "none of these is in \(Printable.quoted(constraint.description))")
            }
        }
        if let regex = selection.regex, !selection.exact.contains(where: regex.matcher) {
            warn(index, "versions.exact", "none of these matches \(Printable.quoted(regex.description))")
        }
    }

    /// Two mirrors that may write the same names: legal, and rarely meant.
    private mutating func checkDestinations() {
        var seen: [MirrorPlace: [(index: Int, rule: MirrorRule)]] = [:]
        for (index, rule) in mirrors {
            for (_, other) in seen[rule.to] ?? [] where MirrorFileCheck.mayMeet(rule, other) {
                warn(
                    index, "to", "the mirror \(other.name) writes there too, under the same names",
                    hint: "give one of them a naming, or repositories of its own")
                break
            }
            seen[rule.to, default: []].append((index, rule))
        }
    }

    private static func mayMeet(_ one: MirrorRule, _ other: MirrorRule) -> Bool {
        guard one.naming == other.naming else { return false }
        if one.naming.description.contains("{host}"), one.from.host != other.from.host { return false }
        let lists = [one.repositories, other.repositories]
        guard lists.allSatisfy({ !$0.isEmpty }) else { return true }
        for (names, patterns) in [(lists[0], lists[1]), (lists[1], lists[0])] where names.allSatisfy(\.isPlain) {
            return names.contains { name in patterns.contains { $0.matches(name.description) } }
        }
        return true
    }

    // MARK: Hosts

    private mutating func checkHost(_ index: Int, _ host: MirrorHost) {
        if let other = loaded.file.hosts.firstIndex(where: { $0.host == host.host }), other < index, !host.host.isEmpty
        {
            noteHost(index, "host", "\(host.host) is already at \(origin(MirrorHostTable.key, other, "host"))")
        }
        if host.username != nil, host.usernameEnvironment != nil {
            noteHost(index, "usernameEnvironment", "username and usernameEnvironment exclude each other")
        }
        if host.passwordFile != nil, host.passwordEnvironment != nil {
            noteHost(index, "passwordEnvironment", "passwordFile and passwordEnvironment exclude each other")
        }
        let hasUser = host.username != nil || host.usernameEnvironment != nil
        let hasPassword = host.passwordFile != nil || host.passwordEnvironment != nil
        let refused = loaded.mistakes.contains { $0.message.hasPrefix("\(MirrorHostTable.key).") }
        if hasUser != hasPassword, !refused {
            let key = hasUser ? "username" : host.passwordFile == nil ? "passwordEnvironment" : "passwordFile"
            noteHost(
                index, key, hasUser ? "a user needs a password" : "a password needs its user",
                hint: hasUser ? "set passwordFile or passwordEnvironment" : "set username or usernameEnvironment")
        }
        if (host.tls.certificate == nil) != (host.tls.key == nil) {
            let isKeyMissing = host.tls.key == nil
            noteHost(
                index, isKeyMissing ? "certificate" : "key",
                isKeyMissing ? "a certificate needs its key" : "a key needs its certificate")
        }
        for (key, path) in [
            ("passwordFile", host.passwordFile), ("ca", host.tls.authorities), ("certificate", host.tls.certificate),
            ("key", host.tls.key),
        ] { checkFile(index, key, path) }
        for (key, name) in [
            ("usernameEnvironment", host.usernameEnvironment), ("passwordEnvironment", host.passwordEnvironment),
        ] {
            guard let name, environment[name]?.isEmpty ?? true else { continue }
            noteHost(index, key, "there is no variable \(name), or it is empty")
        }
    }

    private mutating func checkFile(_ index: Int, _ key: String, _ path: String?) {
        guard let path else { return }
        do throws(SystemError) {
            if try File.contents(of: path, maximumBytes: 1 << 20).isEmpty { noteHost(index, key, "\(path) is empty") }
        } catch {
            noteHost(index, key, error.description)
        }
    }

    /// Hosts that no mirror names; where charts may lead anywhere, they may be of use.
    private mutating func checkUse() {
        let rules = mirrors.map(\.rule)
        guard loaded.mistakes.isEmpty, !rules.contains(where: { $0.closure.dependencies || $0.closure.images != nil })
        else { return }
        let named = Set(rules.flatMap { [$0.from.host, $0.to.host].compactMap { $0 } })
        // A chart repository may keep its archives on another host.
        let isOpen = rules.contains { if case .charts = $0.from { true } else { false } }
        for (index, host) in loaded.file.hosts.enumerated() where !named.contains(host.host) && !isOpen {
            warnings.append(
                ConfigurationMistake(
                    origin: origin(MirrorHostTable.key, index, "host"),
                    message: "hosts.host: no mirror has to do with \(host.host)",
                    hint: Suggestion.hint(for: host.host, among: named.sorted())))
        }
    }
}
