import Posix

/// The `chartroom` program.
public enum Program {
    /// Runs the process's own command line and ends the process with its exit code.
    ///
    /// Call it first thing in `main`: it takes the signals before there are other threads.
    public static func main() -> Never {
        ProcessControl.ignoreBrokenPipes()
        let environment = ProcessControl.environment()
        let console = Console.standard(environment: environment)
        let words = Array(CommandLine.arguments.dropFirst())
        let signals = SignalFeed()
        let context = Context(
            console: console, environment: environment, openEnd: EndOpener.open,
            serve: { loaded, context async throws(CommandError) in
                try await ServerRun.run(loaded, context, signals: signals)
            })
        let pool = ThreadPool(name: "command", threads: 4)
        let task = Task(executorPreference: pool) { await run(words, in: context) }
        Task(executorPreference: pool) {
            let code = await task.value
            ProcessControl.exit(task.isCancelled ? ExitCode.interrupted.rawValue : code.rawValue)
        }
        do {
            try signals.start(cancelling: task)
        } catch {
            console.report(CommandError(error))
            ProcessControl.exit(ExitCode.failure.rawValue)
        }
        // The first thread only took the signals away; the task ends the process.
        while true { Condition(()).wait { _, _ -> Void? in nil } }
    }

    /// Runs one command line, of the process or of a test, and gives the exit code.
    static func run(_ words: [String], in context: Context) async -> ExitCode {
        defer { context.closers.run() }
        let width = min(context.console.columns, 120)
        do throws(CommandError) {
            switch try Parser.parse(words, root: CommandTree.root) {
            case .help(let command, let path):
                try context.console.output(HelpText(command: command, path: path, width: width).text)
            case .incomplete(let command, let path):
                context.console.writeError(HelpText(command: command, path: path, width: width).text)
                return .usage
            case .run(let command, _, let arguments):
                try await command.run?(Invocation(context: context, arguments: arguments))
            }
            return .success
        } catch {
            if Task.isCancelled { return .interrupted }
            context.console.report(error)
            return error.code
        }
    }
}
