import OCIModel
import Posix

/// Tells what does not fit together in the upstreams, and which of their files are missing.
struct UpstreamCheck {
    private let loaded: LoadedConfiguration
    private(set) var mistakes: [ConfigurationMistake] = []

    init(_ loaded: LoadedConfiguration) {
        self.loaded = loaded
        var places: [RepositoryName: Origin] = [:]
        for (index, upstream) in loaded.configuration.upstreams.enumerated() {
            let entry = Entry(index: index, upstream: upstream)
            checkAddresses(entry)
            checkPrefixes(entry, &places)
            checkCredentials(entry)
            checkTLS(entry)
            checkRules(entry)
        }
    }

    private struct Entry {
        var index: Int
        var upstream: UpstreamConfiguration

        func name(_ key: String) -> String { "\(UpstreamTable.key).\(index).\(key)" }
    }

    private func isSet(_ entry: Entry, _ key: String) -> Bool { loaded.origins[entry.name(key)] != nil }

    private func origin(_ entry: Entry, _ key: String? = nil) -> Origin {
        key.flatMap { loaded.origins[entry.name($0)] } ?? loaded.origin("\(UpstreamTable.key).\(entry.index)")
    }

    private mutating func note(_ entry: Entry, _ key: String?, _ message: String, hint: String? = nil) {
        let name = UpstreamTable.key + (key.map { "." + $0 } ?? "")
        mistakes.append(
            ConfigurationMistake(origin: origin(entry, key), message: "\(name): \(message)", hint: hint))
    }

    /// Whether one of its values was refused already: then nothing is said of what is missing.
    private func wasRefused(_ entry: Entry, _ keys: String...) -> Bool {
        let next = loaded.origins["\(UpstreamTable.key).\(entry.index + 1)"]
        return loaded.mistakes.contains { mistake in
            !mistake.origin.isBefore(origin(entry)) && next.map { mistake.origin.isBefore($0) } ?? true
                && keys.contains { mistake.message.hasPrefix("\(UpstreamTable.key).\($0)") }
        }
    }

    private mutating func checkAddresses(_ entry: Entry) {
        if isSet(entry, "hosts") {
            for key in ["prefix", "url", "urls"] where isSet(entry, key) {
                note(entry, key, "does not go with hosts", hint: "write an upstream of its own for it")
            }
            return
        }
        guard !wasRefused(entry, "prefix", "url", "hosts") else { return }
        switch (isSet(entry, "prefix"), isSet(entry, "url"), isSet(entry, "urls")) {
        case (false, false, false): note(entry, nil, "an upstream needs prefix and url, or hosts")
        case (true, false, false): note(entry, "prefix", "a prefix needs an url")
        case (false, _, _): note(entry, isSet(entry, "url") ? "url" : "urls", "an url needs its prefix")
        case (true, true, true): note(entry, "urls", "url and urls exclude each other", hint: "put all into urls")
        case (true, _, _): break
        }
        if Set(entry.upstream.urls.map(\.kind)).count > 1 {
            note(entry, "urls", "registries and chart repositories cannot stand in for each other")
        }
    }

    private mutating func checkPrefixes(_ entry: Entry, _ places: inout [RepositoryName: Origin]) {
        let key = entry.upstream.prefix == nil ? "hosts" : "prefix"
        for place in entry.upstream.places {
            if let other = places[place.prefix] {
                note(entry, key, "\(place.prefix) is already the prefix of the upstream at \(other)")
            } else {
                places[place.prefix] = origin(entry, key)
            }
        }
    }

    private mutating func checkCredentials(_ entry: Entry) {
        let credentials = entry.upstream.credentials
        let sources = ["credentials.passwordFile", "credentials.passwordEnvironment"].filter { isSet(entry, $0) }
        if sources.count > 1 {
            note(entry, sources[1], "passwordFile and passwordEnvironment exclude each other")
        }
        if credentials.username != nil, sources.isEmpty, !wasRefused(entry, "credentials") {
            note(
                entry, "credentials.username", "a user needs a password",
                hint: "set passwordFile or passwordEnvironment")
        }
        if credentials.username == nil, let source = sources.first {
            note(entry, source, "a password needs its user", hint: "set username")
        }
        if credentials.file != nil, isSet(entry, "credentials.username") || !sources.isEmpty {
            note(entry, "credentials.file", "does not go with a user and a password")
        }
        if !sources.isEmpty, entry.upstream.hosts.count > 1 {
            note(
                entry, sources[0], "one password would be shown to \(entry.upstream.hosts.count) hosts",
                hint: "write an upstream for each host, or use credentials.file")
        }
        checkFile(entry, "credentials.passwordFile", credentials.passwordFile)
        checkFile(entry, "credentials.file", credentials.file)
        if let name = credentials.passwordEnvironment, !loaded.variables.contains(name) {
            note(entry, "credentials.passwordEnvironment", "there is no variable of this name, or it is empty")
        }
    }

    private mutating func checkTLS(_ entry: Entry) {
        let tls = entry.upstream.tls
        if (tls.certificate == nil) != (tls.key == nil) {
            let key = tls.key == nil ? "tls.certificate" : "tls.key"
            note(entry, key, tls.key == nil ? "a certificate needs its key" : "a key needs its certificate")
        }
        checkFile(entry, "tls.authorities", tls.authorities)
        checkFile(entry, "tls.certificate", tls.certificate)
        checkFile(entry, "tls.key", tls.key)
        let addresses = entry.upstream.places.flatMap(\.addresses)
        let key = ["tls.authorities", "tls.certificate", "tls.verify"].first { isSet(entry, $0) }
        if let key, !addresses.isEmpty, !addresses.contains(where: \.isSecure) {
            note(entry, key, "none of the URLs is reached by TLS")
        }
    }

    private mutating func checkRules(_ entry: Entry) {
        let upstream = entry.upstream
        if !upstream.minimumAgeExceptions.isEmpty, upstream.minimumAge == .zero {
            note(entry, "minimumAgeExcept", "does nothing: minimumAge is not set")
        }
        if isSet(entry, "freshness.deadline"), upstream.freshness.deadline > upstream.deadline {
            note(entry, "freshness.deadline", "is more than deadline, \(ValueText.text(duration: upstream.deadline))")
        }
    }

    private mutating func checkFile(_ entry: Entry, _ key: String, _ path: String?) {
        guard let path else { return }
        do throws(SystemError) {
            if try File.contents(of: path, maximumBytes: 1 << 20).isEmpty { note(entry, key, "\(path) is empty") }
        } catch {
            note(entry, key, error.description)
        }
    }
}

extension Origin {
    /// Whether it stands in front of another in the file.
    fileprivate func isBefore(_ other: Origin) -> Bool {
        guard case .file(_, let line, let column) = self, case .file(_, let otherLine, let otherColumn) = other else {
            return false
        }
        return (line, column) < (otherLine, otherColumn)
    }
}
