extension Command {
    /// `chartroom serve`.
    static let serve = Command(
        name: "serve", summary: "Serve the store as an OCI registry",
        discussion: [
            "Every setting is a key of the configuration file, an environment variable and, most of them, an option: "
                + "see docs/configuration.md. An option wins over the environment, that over the file.",
            "SIGTERM and SIGINT stop the server after the requests under way, a second one at once. SIGHUP reads "
                + "certificate and users again.",
        ],
        options: ConfigurationKey.all.compactMap(\.option) + [.config],
        examples: [
            .init(line: "chartroom serve", purpose: "on http://127.0.0.1:5000, for this machine"),
            .init(
                line: "chartroom serve --listen 0.0.0.0:5000 --access-users /etc/chartroom/users",
                purpose: "for other machines, with users"),
        ],
        run: { invocation async throws(CommandError) in
            let loaded = try ConfigurationLoader.load(
                file: invocation.arguments["config"], flags: invocation.arguments.options,
                environment: invocation.context.environment)
            var checked = loaded
            checked.mistakes = ConfigurationCheck.mistakes(in: loaded)
            try checked.throwMistakes()
            try await invocation.context.serve(loaded, invocation.context)
        })
}
