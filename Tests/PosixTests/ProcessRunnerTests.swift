import Posix
import TestSupport
import Testing

@Suite struct ProcessRunnerTests {
    @Test("Input goes in, both outputs come out, and so does the exit status")
    func wholeRun() async throws {
        let outcome = try await ProcessRunner().run(
            "sh", ["-c", "cat; echo said >&2; exit 7"], input: Array("given".utf8))
        #expect(outcome.status == 7)
        #expect(outcome.output == Array("given".utf8))
        #expect(outcome.errorOutput == Array("said\n".utf8))
    }

    @Test("More input than a pipe holds goes through")
    func largeInput() async throws {
        let input = (0..<900_000).map { UInt8(truncatingIfNeeded: $0) }
        let outcome = try await ProcessRunner().run("cat", input: input)
        #expect(outcome.output == input)
    }

    @Test("A program that does not read its input is no harm")
    func unreadInput() async throws {
        let outcome = try await ProcessRunner().run("true", input: [UInt8](repeating: 0, count: 900_000))
        #expect(outcome.status == 0)
    }

    @Test("A missing program cannot start")
    func missing() async {
        await #expect(throws: ProcessRunner.Failure.self) {
            try await ProcessRunner().run("chartroom-no-such-program")
        }
    }

    @Test("The signal that ended a program is in its status")
    func signal() async throws {
        #expect(try await ProcessRunner().run("sh", ["-c", "kill -TERM $$"]).status == 143)
    }

    @Test("A program that runs too long is killed, silent or not", arguments: ["sleep 60", "exec >&- 2>&-; sleep 60"])
    func deadline(script: String) async {
        let limit = Duration.milliseconds(80)
        await #expect(throws: ProcessRunner.Failure.tooSlow(limit)) {
            try await ProcessRunner(deadline: limit).run("sh", ["-c", script])
        }
    }

    @Test("A program that writes too much is killed")
    func outputLimit() async {
        await #expect(throws: ProcessRunner.Failure.tooMuchOutput(limit: 1000)) {
            try await ProcessRunner(maximumOutputBytes: 1000).run("yes")
        }
    }

    @Test("Just as much output as allowed is fine, and more on standard error is cut")
    func outputAtLimit() async throws {
        let outcome = try await ProcessRunner(maximumOutputBytes: 5).run(
            "sh", ["-c", "printf 12345; printf 1234567 >&2"])
        #expect(outcome.output == Array("12345".utf8))
        #expect(outcome.errorOutput == Array("12345".utf8))
    }

    @Test("Cancelling the task kills the program")
    func cancellation() async throws {
        let scratch = try ScratchDirectory()
        let task = Task { try await ProcessRunner().run("sh", ["-c", "sleep 60"]) }
        task.cancel()
        let result = await task.result
        #expect(throws: ProcessRunner.Failure.cancelled) { try result.get() }
        _ = scratch
    }

    @Test("The child has no descriptor but the three standard ones")
    func descriptors() async throws {
        let outcome = try await ProcessRunner().run("sh", ["-c", "for f in /proc/self/fd/*; do echo ${f##*/}; done"])
        let numbers = Set(String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").compactMap { Int($0) })
        // The shell opens one to read the directory.
        #expect(numbers.isSuperset(of: [0, 1, 2]))
        #expect(numbers.count <= 4)
    }
}
