/// What the command line asks for.
struct Options {
    static let usage = """
        usage: registry-benchmark [CASE…] [options]
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

    var cases: [String] = []
    var listsCases = false
    var isQuick = false
    var rounds: Int?
    var seconds: Double?
    var connections = 32
    var retries = 3
    var noisePercent = 12.0
    var isPinned = false
    var without: Set<String> = []
    var chartroom = ".build/release/chartroom"
    var scratch = "/var/tmp"
    /// The command line without paths, for the results.
    private(set) var command = ".build/release/registry-benchmark"

    init(_ words: [String]) throws(BenchmarkFailure) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if !["--chartroom", "--scratch"].contains(word) { command += " " + word }
            switch word {
            case "--list": listsCases = true
            case "--quick": isQuick = true
            case "--pin": isPinned = true
            case "--help", "-h": throw BenchmarkFailure(Options.usage)
            case _ where word.hasPrefix("--"):
                guard let value = rest.popFirst() else { throw BenchmarkFailure("\(word) wants a value") }
                if !["--chartroom", "--scratch"].contains(word) { command += " " + value }
                guard set(word, value) else { throw BenchmarkFailure("\(word) \(value)?\n\(Options.usage)") }
            default: cases.append(word)
            }
        }
        if isQuick { retries = min(retries, 1) }
    }

    /// Whether there is such an option and the value is one for it.
    private mutating func set(_ name: String, _ value: String) -> Bool {
        switch name {
        case "--rounds": rounds = Int(value).flatMap { 1...1000 ~= $0 ? $0 : nil }
        case "--seconds": seconds = Double(value).flatMap { 0.05...3600 ~= $0 ? $0 : nil }
        case "--connections": connections = Int(value).flatMap { 1...4096 ~= $0 ? $0 : nil } ?? 0
        case "--retries": retries = Int(value).flatMap { 0...100 ~= $0 ? $0 : nil } ?? -1
        case "--noise": noisePercent = Double(value) ?? -1
        case "--without": without.insert(value)
        case "--chartroom": chartroom = value
        case "--scratch": scratch = value
        default: return false
        }
        switch name {
        case "--rounds": return rounds != nil
        case "--seconds": return seconds != nil
        case "--without": return Server.Kind(rawValue: value) != nil
        default: return connections > 0 && retries >= 0 && noisePercent >= 0
        }
    }
}

/// How much of everything a run does.
struct Scale {
    let rounds: Int
    let seconds: Double
    let tags: Int
    let megabyteBlobs: Int
    let starts: Int
    let tracedPushes: [Int: Int]
    let manyTags: Int
    let manyManifests: Int
    let bigBlobMegabytes: Int
    let memorySeconds: Double

    init(_ options: Options) {
        let isQuick = options.isQuick
        rounds = options.rounds ?? (isQuick ? 3 : 7)
        seconds = options.seconds ?? (isQuick ? 0.5 : 2)
        tags = isQuick ? 100 : 1000
        megabyteBlobs = isQuick ? 20 : 200
        starts = isQuick ? 5 : 20
        tracedPushes = isQuick ? [1: 20, 32: 128] : [1: 100, 32: 640]
        manyTags = isQuick ? 5000 : 100_000
        manyManifests = isQuick ? 2000 : 100_000
        bigBlobMegabytes = isQuick ? 128 : 1024
        memorySeconds = isQuick ? 2 : 20
    }
}
