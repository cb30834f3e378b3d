extension Command {
    static let configCheck = Command(
        name: "check", summary: "Show everything that is wrong with the configuration",
        discussion: [
            "Reads the file, the environment and every file they name. Writes each mistake with its place to standard "
                + "output and ends with 1, or writes that all is well."
        ],
        arguments: [
            .init(
                name: "FILE", help: "The configuration file; the one 'serve' would read when left out.",
                kind: .file(endings: [".yaml", ".yml"]), arity: .optional)
        ],
        run: { invocation async throws(CommandError) in
            let loaded = try ConfigurationLoader.load(
                file: invocation.arguments.positionals["FILE"]?.first, flags: [:],
                environment: invocation.context.environment)
            let mistakes = ConfigurationCheck.mistakes(in: loaded)
            guard mistakes.isEmpty else {
                for mistake in mistakes { try invocation.console.output(mistake.text + "\n") }
                throw CommandError(.failure, mistakes.count == 1 ? "1 mistake" : "\(mistakes.count) mistakes")
            }
            try invocation.console.output(Printable.text(loaded.file ?? "no file, defaults only") + ": ok\n")
        })
}
