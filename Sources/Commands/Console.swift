// Commands: what a person types, and the place where the house is put together.
//
// Owns: the argument grammar and what is made of it (help, completion, docs/cli.md), the configuration, rendering,
// exit codes, and the choice of implementations: no other target picks one.
// Invariant: data goes to standard output, talk to standard error; nothing is asked when nobody sits there; text
// from outside never reaches a terminal unescaped. The command line, the JSON shapes and the exit codes are kept.
// Threads: a command runs in one task; `serve` adds the server's threads, one for signals and one for housekeeping.

import Posix

/// Where a command reads and writes.
struct Console: Sendable {
    /// Takes data.
    var writeOutput: @Sendable ([UInt8]) throws(SystemError) -> Void
    /// Takes talk.
    var writeError: @Sendable (String) -> Void
    /// Gives the next line of standard input.
    var readLine: @Sendable () -> String?
    var isInputTerminal = false
    var isOutputTerminal = false
    var isErrorTerminal = false
    /// How wide the terminal is.
    var columns = 80
    /// Whether talk may be coloured.
    var usesColour = false
    /// The clock of progress bars.
    var now: @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }

    /// The process's own streams.
    static func standard(environment: [String: String]) -> Console {
        var console = Console(
            writeOutput: { bytes throws(SystemError) in try StandardStream.output.write(bytes) },
            writeError: { text in
                do { try StandardStream.error.write(text) } catch { /* Nobody is left to tell. */  }
            },
            readLine: { StandardStream.input.readLine() })
        console.isInputTerminal = StandardStream.input.isTerminal
        console.isOutputTerminal = StandardStream.output.isTerminal
        console.isErrorTerminal = StandardStream.error.isTerminal
        console.columns = StandardStream.error.columns ?? StandardStream.output.columns ?? 80
        let isPlain = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        console.usesColour = console.isErrorTerminal && !isPlain
        return console
    }

    /// Writes data.
    ///
    /// - Throws: `.failure` without a message when the reader left; `.storage` when a disk is full.
    func output(_ text: String) throws(CommandError) { try output(Array(text.utf8)) }

    /// Writes data; as above.
    func output(_ bytes: [UInt8]) throws(CommandError) {
        do {
            try writeOutput(bytes)
        } catch {
            if error.isBrokenPipe { throw CommandError(.failure, "") }
            throw CommandError(error)
        }
    }

    /// Writes a line of talk.
    func talk(_ line: String) { writeError(line + "\n") }

    /// Writes a warning.
    func warn(_ message: String) { talk(coloured("warning:", "33") + " " + Printable.text(message)) }

    /// Writes an error with its hints.
    func report(_ error: CommandError) {
        guard !error.message.isEmpty else { return }
        let lines = error.message.split(separator: "\n", omittingEmptySubsequences: false).map {
            Printable.text(String($0))
        }
        talk(coloured("error:", "31") + " " + lines.joined(separator: "\n"))
        for hint in error.hints { talk(coloured("hint:", "36") + " " + Printable.text(hint)) }
    }

    private func coloured(_ word: String, _ code: String) -> String {
        usesColour ? "\u{1B}[1;\(code)m\(word)\u{1B}[0m" : word
    }

    /// Asks before something is destroyed.
    ///
    /// - Throws: `.usage` when nobody sits there to answer, `.failure` when the answer is not yes.
    func confirm(_ question: String) throws(CommandError) {
        guard isInputTerminal, isErrorTerminal else {
            throw CommandError(
                .usage, "this needs a confirmation, and nobody is there to give it", hints: ["give --yes to go ahead"])
        }
        writeError(Printable.text(question) + " [y/N] ")
        let answer = (readLine() ?? "").lowercased()
        guard answer == "y" || answer == "yes" else { throw CommandError(.failure, "nothing was changed") }
    }
}

extension CommandError {
    /// An error of the operating system.
    init(_ error: SystemError) {
        let code: ExitCode =
            if error.isNotFound { .notFound } else if error.isStorageFailure {
                .storage
            } else if error.isPermissionDenied {
                .denied
            } else { .failure }
        self.init(code, error.description)
    }
}
