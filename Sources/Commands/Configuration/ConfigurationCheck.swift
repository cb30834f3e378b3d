import FrontDoor
import HTTPServer
import Posix

/// Tells what does not fit together, and which files are missing or broken.
struct ConfigurationCheck {
    private let loaded: LoadedConfiguration
    private var configuration: Configuration { loaded.configuration }
    private(set) var mistakes: [ConfigurationMistake] = []

    /// Every mistake of a configuration: those of its values, then those between them.
    ///
    /// Reads the files it names.
    static func mistakes(in loaded: LoadedConfiguration) -> [ConfigurationMistake] {
        var check = ConfigurationCheck(loaded: loaded)
        check.checkListening()
        check.checkTLS()
        check.checkAccess()
        check.checkLimits()
        return loaded.mistakes + check.mistakes + UpstreamCheck(loaded).mistakes
            + ServedMirrorsCheck.mistakes(in: loaded)
    }

    private init(loaded: LoadedConfiguration) {
        self.loaded = loaded
    }

    private mutating func note(_ key: String, _ message: String, hint: String? = nil) {
        let origin = loaded.origin(key)
        let text =
            switch origin {
            case .file, .preset: "\(key): \(message)"
            case .environment, .flag: message
            }
        mistakes.append(ConfigurationMistake(origin: origin, message: text, hint: hint))
    }

    /// The one rule nobody may miss: no writes without a name for machines that are not this one.
    private mutating func checkListening() {
        if !ListenText.isLoopback(configuration.listen), ConfigurationCheck.isOpen(configuration) {
            note(
                "listen", ConfigurationCheck.openMessage(ListenText.text(configuration.listen)),
                hint: ConfigurationCheck.openHint)
        }
        guard configuration.data.isEmpty else { return }
        note("data", "there is no data directory and no HOME to put it in", hint: "give --data DIR")
    }

    /// Whether clients without a name may write, and nobody said that other machines may.
    static func isOpen(_ configuration: Configuration) -> Bool {
        configuration.effectiveAnonymous == .readWrite && !configuration.allowsAnonymousWritesBeyondLoopback
    }

    static func openMessage(_ address: String) -> String {
        "\(address) can be reached from other machines, and anyone there could push and delete"
    }

    static let openHint =
        "set access.users or access.anonymous: read, listen on 127.0.0.1, or say so with "
        + "--allow-anonymous-writes-beyond-loopback"

    private mutating func checkTLS() {
        switch (configuration.certificate, configuration.key) {
        case (nil, nil): return
        case (_?, nil): note("tls.certificate", "a certificate needs its key", hint: "set tls.key")
        case (nil, _?): note("tls.key", "a key needs its certificate", hint: "set tls.certificate")
        case (let certificate?, let key?):
            checkFile("tls.certificate", certificate)
            checkFile("tls.key", key)
        }
        if case .unix = configuration.listen { note("tls.certificate", "a unix socket has no TLS") }
    }

    private mutating func checkFile(_ key: String, _ path: String) {
        do {
            _ = try File.contents(of: path, maximumBytes: 1 << 20)
        } catch {
            note(key, error.description)
        }
    }

    private mutating func checkAccess() {
        for (key, names) in [("access.readWrite", configuration.readWrite), ("access.read", configuration.read)]
        where !names.isEmpty && configuration.users == nil {
            note(key, "names users, but access.users is not set", hint: "set access.users to an htpasswd file")
        }
        for name in configuration.read where configuration.readWrite.contains(name) {
            note(
                "access.read", "\(Printable.quoted(name)) is also in access.readWrite", hint: "leave it in one of them")
        }
        guard let path = configuration.users else {
            if configuration.effectiveAnonymous == .none {
                note(
                    "access.anonymous", "nobody could do anything: there are no users either", hint: "set access.users")
            }
            return
        }
        do throws(ValueMistake) {
            let known = try UserFile.read(path).users
            checkNames("access.readWrite", configuration.readWrite, known)
            checkNames("access.read", configuration.read, known)
        } catch {
            note("access.users", error.message, hint: error.hint)
        }
    }

    private mutating func checkNames(_ key: String, _ names: [String], _ known: [String]) {
        for name in names where !known.contains(name) {
            note(
                key, "\(Printable.quoted(name)) is not in the file of access.users",
                hint: Suggestion.hint(for: name, among: known))
        }
    }

    private mutating func checkLimits() {
        let limits = configuration.limits
        if limits.connectionsPerAddress > limits.connections, loaded.origin("limits.connectionsPerAddress") != .preset {
            note("limits.connectionsPerAddress", "is more than limits.connections, \(limits.connections)")
        }
        if limits.targetBytes > limits.headerBytes {
            note(
                loaded.origin("limits.targetBytes") == .preset ? "limits.headerBytes" : "limits.targetBytes",
                "the target is part of the header: limits.targetBytes must not be more than limits.headerBytes")
        }
    }
}

/// Reads htpasswd files.
enum UserFile {
    /// The users of a file.
    ///
    /// - Throws: one sentence with the path, and the line when it is one line's fault.
    static func read(_ path: String) throws(ValueMistake) -> PasswordFile {
        let bytes: [UInt8]
        do {
            bytes = try File.contents(of: path, maximumBytes: 1 << 20)
        } catch {
            throw ValueMistake(error.description, hint: "make it with: htpasswd -cB \(Printable.text(path)) NAME")
        }
        do {
            return try PasswordFile(parsing: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw ValueMistake("\(path):\(error.line): \(error.message)")
        }
    }
}
