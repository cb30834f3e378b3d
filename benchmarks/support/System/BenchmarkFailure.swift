import Glibc
package import Posix

/// Why a run ends without its result: one sentence.
package struct BenchmarkFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    package init(_ error: SystemError) {
        description = error.description
    }

    /// The failure that `errno` tells of; to be made right after the call.
    package init(call: String, on object: String) {
        self.init(SystemError(code: errno, call: call, object: object))
    }
}
