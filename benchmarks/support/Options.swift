/// What the command line asks for.
package struct Options {
    /// An option of one program alone, whose value is a path.
    package struct PathOption {
        package let name: String
        package let value: String
        package let help: String

        /// `--name VALUE  help`.
        package init(_ name: String, _ value: String, _ help: String) {
            (self.name, self.value, self.help) = (name, value, help)
        }
    }

    package private(set) var cases: [String] = []
    package private(set) var listsCases = false
    package private(set) var isQuick = false
    package private(set) var connections = 32
    package private(set) var isPinned = false
    /// The values of the options of this program alone, by their names.
    package private(set) var paths: [String: String] = [:]
    private(set) var retries = 3
    private(set) var noisePercent = 12.0
    private(set) var without: Set<String> = []
    /// The binary to measure.
    package private(set) var chartroom = ".build/release/chartroom"
    private(set) var scratch = "/var/tmp"
    /// The command line without paths, for the results.
    private(set) var command: String
    private var givenRounds: Int?
    private var givenSeconds: Double?
    private let usage: String

    /// Rounds of each case.
    package var rounds: Int { givenRounds ?? (isQuick ? 3 : 7) }
    /// Seconds of load in a stretch.
    package var seconds: Double { givenSeconds ?? (isQuick ? 0.5 : 2) }

    init(_ words: [String], program: String, own: [PathOption]) throws(BenchmarkFailure) {
        command = ".build/release/" + program
        usage = Options.usage(program, own)
        let paths = Set(["--chartroom", "--scratch"] + own.map(\.name))
        var rest = words[...]
        while let word = rest.popFirst() {
            if !paths.contains(word) { command += " " + word }
            switch word {
            case "--list": listsCases = true
            case "--quick": isQuick = true
            case "--pin": isPinned = true
            case "--help", "-h": throw BenchmarkFailure(usage)
            case _ where word.hasPrefix("--"):
                guard let value = rest.popFirst() else { throw BenchmarkFailure("\(word) wants a value") }
                if !paths.contains(word) { command += " " + value }
                if own.contains(where: { $0.name == word }) {
                    self.paths[word] = value
                } else {
                    guard set(word, value) else { throw BenchmarkFailure("\(word) \(value)?\n\(usage)") }
                }
            default: cases.append(word)
            }
        }
        if isQuick { retries = min(retries, 1) }
    }

    /// The names of the cases that are asked for.
    func chosen(of known: [String]) throws(BenchmarkFailure) -> Set<String> {
        let chosen = known.filter { name in cases.isEmpty || cases.contains { name.hasPrefix($0) } }
        guard !chosen.isEmpty else { throw BenchmarkFailure("no such case\n\(usage)") }
        return Set(chosen)
    }

    /// Whether there is such an option and the value is one for it.
    private mutating func set(_ name: String, _ value: String) -> Bool {
        switch name {
        case "--rounds": givenRounds = Int(value).flatMap { 1...1000 ~= $0 ? $0 : nil }
        case "--seconds": givenSeconds = Double(value).flatMap { 0.05...3600 ~= $0 ? $0 : nil }
        case "--connections": connections = Int(value).flatMap { 1...4096 ~= $0 ? $0 : nil } ?? 0
        case "--retries": retries = Int(value).flatMap { 0...100 ~= $0 ? $0 : nil } ?? -1
        case "--noise": noisePercent = Double(value) ?? -1
        case "--without": without.insert(value)
        case "--chartroom": chartroom = value
        case "--scratch": scratch = value
        default: return false
        }
        switch name {
        case "--rounds": return givenRounds != nil
        case "--seconds": return givenSeconds != nil
        case "--without": return Server.Kind(rawValue: value) != nil
        default: return connections > 0 && retries >= 0 && noisePercent >= 0
        }
    }

    private static func usage(_ program: String, _ own: [PathOption]) -> String {
        let common = """
            usage: \(program) [CASE…] [options]
              CASE                every case whose name begins so; all when none is named
              --list              name the cases and end
              --quick             few rounds, little data: to see whether it works, not to measure
              --rounds N          rounds of each case (7)
              --seconds S         seconds of load per server and round (2)
              --connections N     connections of the download cases (32)
              --retries N         repeat a stretch so often when others use the processors (3)
              --noise PERCENT     how much of the processors others may use (12)
              --pin               servers on processor 0, clients on processor 1
              --without SERVER    leave out chartroom, nginx or docker-registry
              --chartroom PATH    the binary to measure (.build/release/chartroom)
              --scratch DIRECTORY where the servers' data goes (/var/tmp); a disk file system
            """
        return own.reduce(common) { text, option in
            let words = "\(option.name) \(option.value)"
            return text + "\n  " + words + String(repeating: " ", count: max(1, 20 - words.count)) + option.help
        }
    }
}
