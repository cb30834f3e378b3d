import OCIModel
import Sync
import YAML

extension RegsyncReader {
    // MARK: Source and target

    /// Adds the mirror of an entry, when its places are understood.
    mutating func place(_ node: YAMLNode, _ selection: MirrorRule) {
        guard let source = text(node, "source"), let target = text(node, "target") else { return }
        for (name, text) in [("source", source), ("target", target)] where text.utf8.contains("://".utf8) {
            return foreign.note(
                node[name] ?? node, "\(name): only registries are read here",
                hint: "write a mirror.yaml with layout:DIR for a directory")
        }
        var rule = selection
        switch node["type"]?.string ?? "" {
        case "registry": registry(node, source, target, &rule)
        case "repository": repository(node, source, target, isImage: false, &rule)
        case "image": repository(node, source, target, isImage: true, &rule)
        case let type:
            foreign.note(
                node["type"] ?? node, "type must be registry, repository or image, not \(Printable.quoted(type))")
        }
    }

    private mutating func text(_ node: YAMLNode, _ key: String) -> String? {
        guard let value = node[key] else {
            foreign.note(node, "an entry of sync needs the key \(key)")
            return nil
        }
        return template(value, key)
    }

    /// The text with variables put in for `{{env "NAME"}}`; nil and a mistake for another template.
    mutating func template(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = node.string else {
            foreign.note(node, "\(key) must be a text")
            return nil
        }
        guard text.utf8.contains("{{".utf8) else { return text }
        var output = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "{{") {
            output += rest[..<open.lowerBound]
            guard let close = rest[open.upperBound...].firstRange(of: "}}"),
                case .environment(let name)? = RegsyncTemplate(rest[open.upperBound..<close.lowerBound])
            else {
                foreign.note(node, "\(key): of templates only {{env \"NAME\"}} is understood here")
                return nil
            }
            guard let value = foreign.reading.environment[name], !value.isEmpty else {
                foreign.note(node, "\(key): the variable \(name) is not set, or is empty")
                return nil
            }
            output += value
            rest = rest[close.upperBound...]
        }
        return output + rest
    }

    private func registry(at host: String, _ path: String) -> MirrorPlace {
        .registry(authority: host, isSecure: !plainHosts.contains(host), path: path)
    }

    private mutating func registry(_ node: YAMLNode, _ source: String, _ target: String, _ rule: inout MirrorRule) {
        guard let host = try? MirrorPlaceText.authority(source) else {
            return foreign.note(node["source"] ?? node, "source: a registry is host or host:port")
        }
        let parts = target.split(separator: "/", maxSplits: 1).map(String.init)
        guard let first = parts.first, let other = try? MirrorPlaceText.authority(first),
            parts.count == 1 || (try? RepositoryName(parsing: parts[1])) != nil
        else { return foreign.note(node["target"] ?? node, "target: a registry is host or host:port, and a path") }
        rule.from = registry(at: ForeignReference.contacted(host), "")
        rule.to = registry(at: ForeignReference.contacted(other), parts.count == 2 ? parts[1] : "")
        foreign.add(rule, named: target, at: node)
    }

    private mutating func repository(
        _ node: YAMLNode, _ source: String, _ target: String, isImage: Bool, _ rule: inout MirrorRule
    ) {
        guard let from = reference(node, "source", source), let to = reference(node, "target", target) else { return }
        let (fromPath, fromName) = RegsyncReader.split(from.repository)
        let (toPath, toName) = RegsyncReader.split(to.repository)
        guard let pattern = try? NamePattern(fromName) else { return }
        rule.from = registry(at: from.host, fromPath)
        rule.to = registry(at: to.host, toPath)
        rule.repositories = [pattern]
        rule.naming = fromName == toName ? .same : .fixed(toName)
        if isImage { image(node, from, to, fromName, &rule) }
        foreign.add(rule, named: target, at: node)
    }

    private mutating func image(
        _ node: YAMLNode, _ from: ForeignReference, _ to: ForeignReference, _ name: String, _ rule: inout MirrorRule
    ) {
        let tag = from.tag ?? (from.digest == nil ? "latest" : nil)
        rule.versions.regex = nil
        if let digest = from.digest { rule.pins = [MirrorPin(repository: name, version: tag, digest: digest)] }
        rule.versions.take(tags: tag.map { [$0] } ?? [], isPinned: from.digest != nil)
        let wanted = to.tag ?? "latest"
        if to.digest != nil || wanted != tag {
            foreign.leave(
                node["target"] ?? node, "the tag of the target",
                "the image keeps \(tag.map { "its tag " + $0 } ?? "a tag made of its digest")")
        }
    }

    private mutating func reference(_ node: YAMLNode, _ key: String, _ text: String) -> ForeignReference? {
        do throws(OCIParseError) {
            return try ForeignReference(text)
        } catch {
            foreign.note(node[key] ?? node, "\(key): \(error.description)")
            return nil
        }
    }

    private static func split(_ repository: String) -> (path: String, name: String) {
        guard let slash = repository.lastIndex(of: "/") else { return ("", repository) }
        return (String(repository[..<slash]), String(repository[repository.index(after: slash)...]))
    }

    // MARK: Credentials

    /// Adds a host of `creds`.
    mutating func credentials(_ node: YAMLNode) {
        guard let entries = node.entries, let registry = node["registry"] else {
            return foreign.note(node, "an entry of creds needs the key registry")
        }
        guard let name = template(registry, "creds.registry") else { return }
        guard let authority = try? MirrorPlaceText.authority(name) else {
            return foreign.note(registry, "creds.registry must be host or host:port")
        }
        var host = MirrorHost()
        host.host = ForeignReference.contacted(authority)
        for (key, value) in entries { credential(key, value, &host) }
        // A user whose password is not taken says nothing.
        if host.passwordFile == nil, host.passwordEnvironment == nil {
            (host.username, host.usernameEnvironment) = (nil, nil)
        }
        foreign.add(host, at: node)
    }

    private mutating func credential(_ key: YAMLNode, _ value: YAMLNode, _ host: inout MirrorHost) {
        switch key.text ?? "" {
        case "registry": break
        case "user":
            if case .environment(let name)? = RegsyncTemplate(whole: value.string ?? "") {
                host.usernameEnvironment = name
            } else {
                host.username = template(value, "creds.user")
            }
        case "pass":
            switch RegsyncTemplate(whole: value.string ?? "") {
            case .environment(let name): host.passwordEnvironment = name
            case .file(let path): host.passwordFile = path
            case nil:
                foreign.leave(
                    key, "creds.pass",
                    "secrets are not read from here, but from Docker's and Helm's files; "
                        + "or write {{env \"NAME\"}} or {{file \"PATH\"}}")
            }
        case "tls":
            switch value.string ?? "" {
            case "disabled": plainHosts.insert(host.host)
            case "insecure": (host.isInsecure, host.tls.verifies) = (true, false)
            case "enabled": break
            default: foreign.note(value, "creds.tls must be enabled, insecure or disabled")
            }
        case "reqConcurrent":
            if let number = value.integer, (1...1024).contains(number) { host.requests = Int(number) }
        case "reqPerSec":
            if let number = Double(value.string ?? ""), number > 0, number <= 100_000 {
                host.requestsPerSecond = max(1, Int(number.rounded(.up)))
            }
        case let name:
            let instead: String? =
                switch name {
                case "token", "credHelper", "credExpire", "credHost":
                    "credentials come from Docker's and Helm's files, helpers included"
                case "regcert", "clientCert", "clientKey":
                    "certificates are not read from here; name their files in hosts of a mirror.yaml"
                case "hostname", "pathPrefix", "mirrors", "priority", "repoAuth":
                    "the registry is asked under its own name"
                case "blobChunk", "blobMax", "apiOpts", "api", "scheme": "this follows what the registry offers"
                default: nil
                }
            guard let instead else {
                return foreign.note(key, "there is no key \(Printable.quoted("creds." + name)) in regsync's file")
            }
            foreign.leave(key, "creds." + name, instead)
        }
    }
}

/// What a template of regsync's file stands for.
enum RegsyncTemplate {
    case environment(String)
    case file(String)

    /// Reads what stands between the braces: `env "NAME"` or `file "PATH"`.
    init?(_ inner: Substring) {
        let words = inner.split(separator: " ", maxSplits: 1).map(String.init)
        guard words.count == 2 else { return nil }
        let argumentText = words[1].drop { $0 == " " }
        let text = argumentText.reversed().drop { $0 == " " }.reversed()
        guard text.count > 2, let quote = text.first, quote == "\"" || quote == "`", text.last == quote else {
            return nil
        }
        let argument = String(text.dropFirst().dropLast())
        switch words[0] {
        case "env" where EnvironmentText.isName(argument): self = .environment(argument)
        case "file": self = .file(argument)
        default: return nil
        }
    }

    /// Reads a value that is one template and nothing else.
    init?(whole text: String) {
        guard text.hasPrefix("{{"), text.hasSuffix("}}"), text.utf8.count > 4 else { return nil }
        self.init(text.dropFirst(2).dropLast(2))
    }
}
