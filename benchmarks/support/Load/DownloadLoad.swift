import Glibc

/// Keep-alive connections that repeat GET or HEAD requests for some time, spread over one thread a processor.
///
/// Each connection has one request in the air. Bodies are dropped in the kernel, so that the generator costs little.
package struct DownloadLoad: Sendable {
    package var requests: [HTTPRequest]
    package var connections: Int
    package var seconds: Double

    /// Loads with one kind of request or several in turn.
    package init(requests: [HTTPRequest], connections: Int, seconds: Double) {
        (self.requests, self.connections, self.seconds) = (requests, connections, seconds)
    }

    /// Loads a port.
    package func run(port: UInt16) throws(BenchmarkFailure) -> LoadSample {
        let threads = min(connections, MachineLoad.processors)
        let samples = try onThreads(threads) { number throws(BenchmarkFailure) in
            let share = connections / threads + (number < connections % threads ? 1 : 0)
            var loop = try DownloadLoop(self, port: port, connections: share, first: number * requests.count / threads)
            return try loop.run(until: nanoseconds() + Int(seconds * 1e9))
        }
        let latencies = samples.flatMap(\.latencies)
        return LoadSample(requests: latencies.count, rate: samples.reduce(0) { $0 + $1.rate }, latencies: latencies)
    }
}

/// The loop of one thread.
private struct DownloadLoop: ~Copyable {
    private struct Lane {
        var descriptor: CInt
        var sentAt = 0
        /// Bytes of the head that have come, before its end has.
        var filled = 0
        /// Bytes of the body to come.
        var bodyLeft = 0
    }

    private static let roomForHead = 2048

    private let isHead: Bool
    private let heads: [[UInt8]]
    private var next: Int
    private var lanes: [Lane] = []
    private var polled: [pollfd] = []
    private let buffer: UnsafeMutableRawBufferPointer
    private var latencies: [UInt32] = []

    init(_ load: DownloadLoad, port: UInt16, connections: Int, first: Int) throws(BenchmarkFailure) {
        isHead = load.requests.first?.method == "HEAD"
        heads = load.requests.map { $0.head(port: port) }
        next = first
        buffer = .allocate(byteCount: DownloadLoop.roomForHead * connections, alignment: 16)
        latencies.reserveCapacity(1 << 18)
        for _ in 0..<connections {
            let descriptor = try Socket.connect(to: port)
            guard descriptor >= 0 else { throw BenchmarkFailure("nobody listens on port \(port)") }
            lanes.append(Lane(descriptor: descriptor))
            polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        for lane in lanes { close(lane.descriptor) }
        buffer.deallocate()
    }

    /// Requests a second, and the microseconds each took.
    mutating func run(until end: Int) throws(BenchmarkFailure) -> (rate: Double, latencies: [UInt32]) {
        let start = nanoseconds()
        var now = start
        for number in lanes.indices { try send(number, at: now) }
        while now < end {
            guard poll(&polled, nfds_t(polled.count), 30_000) > 0 else {
                throw BenchmarkFailure("no answer for 30 seconds")
            }
            for number in polled.indices where polled[number].revents != 0 { try receive(number) }
            now = nanoseconds()
        }
        let rate = Double(latencies.count) * 1e9 / Double(now - start)
        return (rate, latencies)
    }

    private mutating func send(_ number: Int, at time: Int) throws(BenchmarkFailure) {
        let head = heads[next]
        next = next + 1 == heads.count ? 0 : next + 1
        lanes[number].sentAt = time
        let sent = head.withUnsafeBytes {
            Glibc.send(lanes[number].descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        guard sent == head.count else { throw BenchmarkFailure(call: "send", on: "a request") }
    }

    /// Takes what has come; sends the next request when the answer is complete.
    private mutating func receive(_ number: Int) throws(BenchmarkFailure) {
        var lane = lanes[number]
        defer { lanes[number] = lane }
        if lane.bodyLeft == 0 {
            guard try receiveHead(number, &lane) else { return }
        }
        while lane.bodyLeft > 0 {
            let got = recv(lane.descriptor, nil, lane.bodyLeft, CInt(MSG_TRUNC))
            if got < 0, errno == EAGAIN { return }
            guard got > 0 else { throw BenchmarkFailure(call: "receive", on: "a body") }
            lane.bodyLeft -= got
        }
        let now = nanoseconds()
        latencies.append(UInt32(clamping: (now - lane.sentAt) / 1000))
        lane.filled = 0
        lanes[number] = lane
        try send(number, at: now)
        lane = lanes[number]
    }

    /// Whether the head is complete.
    private mutating func receiveHead(_ number: Int, _ lane: inout Lane) throws(BenchmarkFailure) -> Bool {
        let start = number * DownloadLoop.roomForHead
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + DownloadLoop.roomForHead])
        guard let base = room.baseAddress, lane.filled < room.count else {
            throw BenchmarkFailure("a head without an end")
        }
        let got = recv(lane.descriptor, base + lane.filled, room.count - lane.filled, 0)
        if got < 0, errno == EAGAIN { return false }
        guard got > 0 else { throw BenchmarkFailure("the server hung up") }
        lane.filled += got
        guard let head = try ResponseHead(UnsafeRawBufferPointer(rebasing: room[..<lane.filled])) else { return false }
        guard head.status == 200, !head.isLast else { throw BenchmarkFailure("a GET was answered \(head.status)") }
        lane.bodyLeft = (isHead ? 0 : head.contentLength) - (lane.filled - head.byteCount)
        guard lane.bodyLeft >= 0 else { throw BenchmarkFailure("more than one answer at once") }
        return true
    }
}
