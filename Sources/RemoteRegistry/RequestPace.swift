/// How many requests at a time one host seems to bear: grows by one with each round of good answers, and is halved once
/// a round when some are bad.
struct RequestPace {
    /// How a request was answered.
    enum Answer {
        /// As it should be; after so long where that says something of the host.
        case good(Duration?)
        /// Turned away, or failed.
        case bad
    }

    /// What it begins with.
    private static let first = 8
    /// By how much answers must be slower than the best seen, and how slow at least.
    private static let slowdown = 4.0
    private static let slowest = Duration.milliseconds(500)

    private let most: Int
    private var room: Double
    private var best: Duration?
    private var usual: Duration?
    /// Answers still to come of the round that was too much.
    private var settling = 0

    init(most: Int) {
        self.most = max(1, most)
        room = Double(min(self.most, RequestPace.first))
    }

    /// How many at a time, at least 1.
    var width: Int { max(1, Int(room)) }

    /// Takes note of an answer, while so many others were under way.
    mutating func note(_ answer: Answer, running: Int) {
        if settling > 0 { settling -= 1 }
        switch answer {
        case .bad: halve(running)
        case .good(let latency):
            if let latency, isSlow(latency) { return halve(running) }
            guard settling == 0 else { return }
            room = min(Double(most), room + 1 / room)
        }
    }

    private mutating func halve(_ running: Int) {
        guard settling == 0 else { return }
        room = max(1, (room / 2).rounded(.down))
        // Those under way were sent at the old width.
        settling = max(1, running)
        usual = nil
    }

    private mutating func isSlow(_ latency: Duration) -> Bool {
        let smoothed = usual.map { $0 * 0.875 + latency * 0.125 } ?? latency
        usual = smoothed
        best = min(best ?? latency, latency)
        return smoothed > RequestPace.slowest && smoothed > (best ?? latency) * RequestPace.slowdown
    }
}
