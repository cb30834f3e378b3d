import Posix
import YAML

/// A configuration with where each value comes from and what is wrong with it.
struct LoadedConfiguration: Sendable {
    var configuration = Configuration()
    /// The file that was read, nil when there is none.
    var file: String?
    /// Where values come from, by key; a key that is missing has its default.
    var origins: [String: Origin] = [:]
    /// Everything wrong, in the order of the file, then the environment, then the flags.
    var mistakes: [ConfigurationMistake] = []
    /// What variables in the files it names stand for.
    var environment: [String: String] = [:]
    /// The names of the variables that are set.
    var variables: Set<String> = []

    func origin(_ key: String) -> Origin { origins[key] ?? .preset }

    /// - Throws: `.usage` with every mistake.
    func throwMistakes() throws(CommandError) {
        guard !mistakes.isEmpty else { return }
        let message = mistakes.count == 1 ? mistakes[0].text : mistakes.map(\.text).joined(separator: "\n")
        throw CommandError(.usage, message, hints: ["'chartroom config check' shows what is wrong"])
    }
}

/// Reads the configuration: a flag wins over the environment, that over the file, that over the default.
struct ConfigurationLoader {
    private var loaded = LoadedConfiguration()
    private let environment: [String: String]
    private var home: String? { environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } }

    /// The file's size limit in bytes.
    static let maximumFileBytes = 1 << 20

    /// Loads everything; what is wrong with it is in the result.
    ///
    /// - Throws: when the file that was asked for cannot be read.
    static func load(
        file: String?, flags: [String: [String]], environment: [String: String]
    ) throws(CommandError) -> LoadedConfiguration {
        var loader = ConfigurationLoader(environment: environment)
        if let (path, bytes) = try loader.readFile(file) { loader.decode(bytes, of: path) }
        loader.readEnvironment()
        loader.readFlags(flags)
        loader.setDefaultData()
        return loader.loaded
    }

    private init(environment: [String: String]) {
        self.environment = environment
        loaded.environment = environment
    }

    /// The file to read: the one given, the one in `CHARTROOM_CONFIG`, else the first of the usual places that exists.
    private func readFile(_ file: String?) throws(CommandError) -> (String, [UInt8])? {
        let variable = environment["CHARTROOM_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        if let path = file ?? variable {
            do {
                return (path, try File.contents(of: path, maximumBytes: ConfigurationLoader.maximumFileBytes))
            } catch {
                let hints = file == nil ? ["the path comes from CHARTROOM_CONFIG"] : []
                throw CommandError(.usage, "the configuration cannot be read: \(error)", hints: hints)
            }
        }
        for path in usualPlaces {
            do {
                return (path, try File.contents(of: path, maximumBytes: ConfigurationLoader.maximumFileBytes))
            } catch {
                if error.isNotFound { continue }
                throw CommandError(
                    .usage, "the configuration cannot be read: \(error)", hints: ["give another one with --config FILE"]
                )
            }
        }
        return nil
    }

    private var usualPlaces: [String] {
        let base =
            environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home.map { $0 + "/.config" }
        return (base.map { [$0 + "/chartroom/config.yaml"] } ?? []) + ["/etc/chartroom/config.yaml"]
    }

    private mutating func decode(_ bytes: [UInt8], of path: String) {
        loaded.file = path
        var decoder = ConfigurationDecoder(path: path, home: home)
        decoder.decode(bytes)
        loaded.configuration = decoder.configuration
        loaded.origins = decoder.origins
        loaded.mistakes = decoder.mistakes
    }

    /// Takes every key's variable; an empty one counts as not set, and a variable that is no key's is a mistake, since it was meant to do something.
    private mutating func readEnvironment() {
        for key in ConfigurationKey.all {
            guard let text = environment[key.environmentName], !text.isEmpty else { continue }
            take(.text(text, base: ""), key, .environment(name: key.environmentName))
        }
        loaded.variables = Set(environment.lazy.filter { !$0.value.isEmpty }.map(\.key))
        let passwords = loaded.configuration.upstreams.compactMap(\.credentials.passwordEnvironment)
        let known =
            ConfigurationKey.all.map(\.environmentName) + ["CHARTROOM_CONFIG", "CHARTROOM_SERVER"] + passwords
        for name in environment.keys.sorted() where name.hasPrefix("CHARTROOM_") && !known.contains(name) {
            loaded.mistakes.append(
                ConfigurationMistake(
                    origin: .environment(name: Printable.text(name)), message: "there is no such setting",
                    hint: Suggestion.hint(for: name, among: known)))
        }
    }

    private mutating func readFlags(_ flags: [String: [String]]) {
        for key in ConfigurationKey.all {
            guard let text = flags[key.flagName]?.last else { continue }
            take(.text(key.flag == .present ? "true" : text, base: ""), key, .flag(name: key.flagName))
        }
    }

    private mutating func take(_ value: GivenValue, _ key: ConfigurationKey, _ origin: Origin) {
        do {
            try key.read(value, .init(isFile: false, home: home), &loaded.configuration)
            loaded.origins[key.path] = origin
        } catch {
            loaded.mistakes.append(ConfigurationMistake(origin: origin, message: error.message, hint: error.hint))
        }
    }

    /// `$XDG_DATA_HOME/chartroom`, else `~/.local/share/chartroom`.
    private mutating func setDefaultData() {
        guard loaded.configuration.data.isEmpty else { return }
        let base =
            environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home.map { $0 + "/.local/share" }
        if let base { loaded.configuration.data = base + "/chartroom" }
    }
}
