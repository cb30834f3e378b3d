extension Command {
    /// `chartroom config`.
    static let configuration = Command(
        name: "config", summary: "Check and show the configuration", children: [.configCheck, .configShow])
}

extension Command.Option {
    static let config = Command.Option.value(
        "config", "FILE",
        "The configuration file; default ~/.config/chartroom/config.yaml, then /etc/chartroom/config.yaml.",
        kind: .file(endings: [".yaml", ".yml"]))
}
