public import FrontDoor
internal import HTTPMessage

/// Hashes of cost 4, made by `htpasswd -nbB -C 4`: ann:secret and bob:hunter2.
public let annLine = "ann:$2y$04$QzLLXVRh7Cz3FIgnWqmtIuYUg8q1M26u5QqSeZAS0N3u/ibFxI.0C"
public let bobLine = "bob:$2y$04$dyPF3DbnzSlNf51ojO2S9.Rr.dF9UgzjGOLXEnDDhfjfqGnKRfl.q"

public func basic(_ user: String, _ password: String) -> [(name: String, value: String)] {
    [("Authorization", BasicCredentials(user: user, password: password)?.fieldValue ?? "")]
}

/// Ann may write, bob read.
public func users(anonymous: AccessLevel) throws -> PasswordAccess {
    PasswordAccess(
        try PasswordFile(parsing: annLine + "\n" + bobLine), levels: ["bob": .read], anonymous: anonymous)
}
