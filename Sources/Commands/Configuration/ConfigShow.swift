extension Command {
    static let configShow = Command(
        name: "show", summary: "Show the configuration in effect, and where each value comes from",
        discussion: ["The table is a configuration file that means the same."],
        options: ConfigurationKey.all.compactMap(\.option) + [.config, OutputFormat.option],
        run: { invocation async throws(CommandError) in
            let loaded = try ConfigurationLoader.load(
                file: invocation.arguments["config"], flags: invocation.arguments.options,
                environment: invocation.context.environment)
            try loaded.throwMistakes()
            try invocation.show(json: ConfigurationText.json(loaded), table: ConfigurationText.yaml(loaded))
        })
}
