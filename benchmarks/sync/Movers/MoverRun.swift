import BenchmarkSupport

/// What one run of a mover took.
struct MoverRun {
    var milliseconds: Double
    var workerMilliseconds: Double
    var sourceMilliseconds: Double
    var destinationMilliseconds: Double
    var peakBytes: Int
    var source: Requests
    var destination: Requests?
    var cost: Session.Cost

    /// Runs a mover.
    ///
    /// - Parameter statuses: How it may end.
    init(
        _ words: [String], _ session: Session, source: End, destination: End?, statuses: Set<CInt> = [0]
    ) throws(BenchmarkFailure) {
        try session.settle()
        try source.reset()
        try destination?.reset()
        let before = (MoverRun.time(source), MoverRun.time(destination))
        var ended = Child.Ended()
        let output = "\(session.scratch.path)/mover.out"
        cost = try session.cost(of: source.server, with: destination.map { [$0.server] } ?? []) {
            () throws(BenchmarkFailure) in
            let child = try Child(words, output: output)
            ended = child.watch(milliseconds: 1_200_000)
        }
        guard let status = ended.status, statuses.contains(status) else {
            let said = try readText(output)
            throw BenchmarkFailure(
                "\(words.prefix(8).joined(separator: " ")) ended with \(ended.status.map { "\($0)" } ?? "a signal"): "
                    + said.suffix(3000))
        }
        milliseconds = Double(ended.nanoseconds) / 1e6
        workerMilliseconds = Double(ended.processorNanoseconds) / 1e6
        sourceMilliseconds = MoverRun.time(source) - before.0
        destinationMilliseconds = MoverRun.time(destination) - before.1
        peakBytes = ended.peakBytes
        self.source = try source.requests()
        self.destination = try destination?.requests()
    }

    /// The share of all processors that the servers at both ends took: at 1, nobody could be faster.
    var serversShare: Double {
        (sourceMilliseconds + destinationMilliseconds) / (milliseconds * Double(MachineLoad.processors))
    }

    /// Milliseconds of processor of an end so far.
    private static func time(_ end: End?) -> Double {
        guard let end else { return 0 }
        return Double(ProcessUsage.processorTime(of: end.server.processes)) / 1e6
    }
}
