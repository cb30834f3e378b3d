import Content

/// The four locks of `update`, as `az acr repository update` has them.
enum LockOptions {
    private static let locks: [(name: String, lock: AttributeLocks, help: String)] = [
        ("delete-enabled", .delete, "Whether it may be deleted."),
        ("write-enabled", .write, "Whether it may be overwritten or pushed to."),
        ("list-enabled", .list, "Whether listings show it."),
        ("read-enabled", .read, "Whether it may be pulled."),
    ]

    static let options: [Command.Option] = locks.map { name, _, help in
        .value(name, "true|false", help, kind: .choice(["true", "false"]))
    }

    /// The change a command line asks for.
    ///
    /// - Throws: `.usage` when it asks for none.
    static func change(_ arguments: Arguments) throws(CommandError) -> AttributeChange {
        var change = AttributeChange()
        for (name, lock, _) in locks {
            switch arguments[name] {
            case "true": change.enable.insert(lock)
            case "false": change.disable.insert(lock)
            default: break
            }
        }
        guard change != AttributeChange() else {
            throw CommandError(
                .usage, "nothing to change",
                hints: ["give --delete-enabled, --write-enabled, --list-enabled or --read-enabled"])
        }
        return change
    }
}
