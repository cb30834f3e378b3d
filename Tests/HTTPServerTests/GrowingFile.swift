import Glibc
import HTTPServer
import Posix

/// A temporary file that tests write piece by piece while servers read it.
final class GrowingFile: Sendable {
    struct State: Sendable {
        var written: Int64 = 0
        /// Bytes claimed to be there that are not.
        var missing: Int64 = 0
        var isFailed = false
        var waiters: [@Sendable () -> Void] = []
        /// How often a reader was told to wait.
        var waits = 0
        /// What happens inside the next look, before its answer is `.waiting`.
        var inside: (@Sendable (GrowingFile) -> Void)?
    }

    let descriptor: Int32
    private let state = Condition(State())

    init(mark: String = "chartroom-growing") {
        var name = Array("/tmp/\(mark)-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        unlink(name)
    }

    deinit { close(descriptor) }

    /// Writes more and wakes everyone.
    func append(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        let start = state.wait { state, _ in state.written }
        var done = 0
        while done < bytes.count {
            done += bytes[done...].withUnsafeBytes {
                max(0, pwrite(descriptor, $0.baseAddress, $0.count, off_t(start) + off_t(done)))
            }
        }
        change { $0.written += Int64(bytes.count) }
    }

    /// Gives it up and wakes everyone.
    func fail() { change { $0.isFailed = true } }

    /// Lies about what is there and wakes everyone.
    func claim(_ bytes: Int64) { change { $0.missing = bytes } }

    /// Does something inside the next look that finds nothing.
    func insideNextLook(_ body: @escaping @Sendable (GrowingFile) -> Void) { state.updateAll { $0.inside = body } }

    private func change(_ body: (inout State) -> Void) {
        var woken: [@Sendable () -> Void] = []
        state.updateAll { state in
            body(&state)
            woken = state.waiters
            state.waiters = []
        }
        for wake in woken { wake() }
    }

    /// Waits until readers were told to wait that often; false after ten seconds.
    func waits(_ count: Int) -> Bool {
        state.wait(timeout: .seconds(10)) { state, isLate in state.waits >= count ? true : isLate ? false : nil }
    }

    fileprivate func look(_ position: Int64, _ wake: @escaping @Sendable () -> Void) -> ResponseGrowth {
        var inside: (@Sendable (GrowingFile) -> Void)?
        var answer = ResponseGrowth.waiting
        state.updateAll { state in
            if state.isFailed {
                answer = .failed
            } else if state.written + state.missing > position {
                answer = .readable(upTo: state.written + state.missing)
            } else {
                state.waiters.append(wake)
                state.waits += 1
                inside = state.inside.take()
            }
        }
        inside?(self)
        return answer
    }
}

/// A part of a growing file as a body.
final class GrowingPart: GrowingResponseBody {
    let offset: Int64
    let length: Int64
    private let file: GrowingFile
    private let isTaken = Condition(false)

    init(_ file: GrowingFile, offset: Int64 = 0, length: Int) {
        self.file = file
        self.offset = offset
        self.length = Int64(length)
    }

    func takeDescriptor() -> Int32 {
        var wasTaken = false
        isTaken.updateAll { isTaken in
            wasTaken = isTaken
            isTaken = true
        }
        return wasTaken ? -1 : dup(file.descriptor)
    }

    func growth(beyond position: Int64, _ wake: @escaping @Sendable () -> Void) -> ResponseGrowth {
        file.look(position, wake)
    }
}
