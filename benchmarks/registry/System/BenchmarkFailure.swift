import Glibc
import Posix

/// Why a run ends without its result: one sentence.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    init(_ error: SystemError) {
        description = error.description
    }

    /// The failure that `errno` tells of; to be made right after the call.
    init(call: String, on object: String) {
        self.init(SystemError(code: errno, call: call, object: object))
    }
}
