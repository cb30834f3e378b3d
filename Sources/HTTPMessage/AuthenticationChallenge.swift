/// One challenge of a `WWW-Authenticate` field (RFC 9110 section 11.6.1).
public struct AuthenticationChallenge: Sendable, Equatable {
    /// One parameter; its value has its quotes and escapes removed.
    public struct Parameter: Sendable, Equatable {
        /// The name as given; names compare without case.
        public var name: String
        /// The value.
        public var value: String
    }

    /// The scheme as given, such as `Bearer`.
    public var scheme: String
    /// The parameters in order.
    public var parameters: [Parameter]

    /// How many challenges, and how many parameters in each, are read; the rest is ignored.
    public static let maximumCount = 32

    /// Builds a challenge.
    public init(scheme: String, parameters: [(name: String, value: String)]) {
        self.scheme = scheme
        self.parameters = parameters.map { Parameter(name: $0.name, value: $0.value) }
    }

    /// Asks for a user and a password in UTF-8 (RFC 7617).
    public static func basic(realm: String) -> AuthenticationChallenge {
        AuthenticationChallenge(scheme: "Basic", parameters: [("realm", realm), ("charset", "UTF-8")])
    }

    /// Sends the client to a token server, in the Distribution dialect of RFC 6750.
    public static func bearer(realm: String, service: String, scope: String? = nil) -> AuthenticationChallenge {
        AuthenticationChallenge(
            scheme: "Bearer",
            parameters: [("realm", realm), ("service", service)] + (scope.map { [("scope", $0)] } ?? []))
    }

    /// Whether the scheme has that name, without case.
    public func isScheme(_ name: String) -> Bool { scheme.equalsIgnoringCase(name) }

    /// The value of a parameter, or nil.
    public func parameter(_ name: String) -> String? {
        parameters.first { $0.name.equalsIgnoringCase(name) }?.value
    }

    /// The field value, every parameter value quoted; control characters are dropped.
    public var fieldValue: String {
        let list = parameters.map { parameter in
            var quoted = ""
            for scalar in parameter.value.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7F {
                if scalar == "\"" || scalar == "\\" { quoted.append("\\") }
                quoted.unicodeScalars.append(scalar)
            }
            return "\(parameter.name)=\"\(quoted)\""
        }
        return list.isEmpty ? scheme : "\(scheme) \(list.joined(separator: ","))"
    }
}

extension AuthenticationChallenge {
    /// Reads every challenge of a field value, in order; what follows the first malformed one is dropped.
    ///
    /// A challenge that carries a bare token instead of parameters (`Negotiate abc==`) has no parameters here.
    public static func parse(_ value: String) -> [AuthenticationChallenge] {
        var challenges: [AuthenticationChallenge] = []
        var scanner = FieldScanner(value)
        while challenges.count < maximumCount {
            scanner.skip(while: isSeparator)
            guard let scheme = scanner.token() else { break }
            guard scanner.isAtEnd || scanner.next.map(isSeparator) == true else { break }
            var challenge = AuthenticationChallenge(scheme: String(scheme), parameters: [])
            if scanner.next == 0x20 {
                scanner.skipBlanks()
                skipBareToken(&scanner)
            }
            while let parameter = parameter(&scanner) {
                guard challenge.parameters.count < maximumCount else { continue }
                challenge.parameters.append(parameter)
            }
            challenges.append(challenge)
        }
        return challenges
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x2C }

    /// Takes one `name=value`, with the commas in front of it; leaves the scanner alone when another thing follows.
    private static func parameter(_ scanner: inout FieldScanner) -> Parameter? {
        var trial = scanner
        trial.skip(while: isSeparator)
        guard let name = trial.token() else { return nil }
        trial.skipBlanks()
        guard trial.take(0x3D) else { return nil }
        trial.skipBlanks()
        guard let value = trial.quotedString() ?? trial.token().map(String.init) else { return nil }
        guard trial.isAtEnd || trial.next.map(isSeparator) == true else { return nil }
        scanner = trial
        return Parameter(name: String(name), value: value)
    }

    /// Skips a `token68` when that is all that follows up to a comma or the end.
    private static func skipBareToken(_ scanner: inout FieldScanner) {
        var trial = scanner
        let token = trial.take { FieldScanner.isTokenByte($0) || $0 == 0x2F }
        trial.skip { $0 == 0x3D }
        trial.skipBlanks()
        if !token.isEmpty, trial.isAtEnd || trial.next == 0x2C { scanner = trial }
    }
}
