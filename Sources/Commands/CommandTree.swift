/// Everything the program can do.
enum CommandTree {
    static let root: Command = Command(
        name: "chartroom", summary: "A local, content-addressed registry for Helm charts",
        children: [
            .serve, .push, .pull, .chart, .repository, .tag, .manifest, .explain, .upstream, .mirror, .copy,
            .configuration,
            .completion, .version, .help,
        ])
}

extension Command {
    fileprivate static let help: Command = Command(
        name: "help", summary: "Show the help of a command",
        arguments: [.init(name: "COMMAND", help: "The words of the command.", kind: .command, arity: .many)])
}
