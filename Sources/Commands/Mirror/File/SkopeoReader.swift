import HelmModel
import OCIModel
import Sync
import YAML

/// Reads the YAML source of `skopeo sync`: registries with their images.
struct SkopeoReader {
    private(set) var foreign: ForeignFile

    init(_ foreign: ForeignFile) {
        self.foreign = foreign
    }

    mutating func read(_ bytes: [UInt8]) {
        guard let to = destination() else { return }
        do throws(YAMLError) {
            guard let root = try YAMLDocument.parse(bytes) else { return }
            guard let entries = root.entries else {
                return foreign.note(root, "the file must be a mapping of registries")
            }
            for (key, value) in entries { registry(key, value, to) }
        } catch {
            foreign.note(error)
        }
    }

    private mutating func destination() -> MirrorPlace? {
        guard let text = foreign.reading.to else {
            foreign.note(
                whole: "a file of skopeo names no destination",
                hint: "give one with --to oci://registry.example.com/path")
            return nil
        }
        let place = ValuePlace(
            isFile: false, home: foreign.reading.environment["HOME"], environment: foreign.reading.environment)
        do throws(ValueMistake) {
            return try MirrorPlaceText.read(.text(text, base: ""), place)
        } catch {
            foreign.note(whole: "--to: \(error.message)", hint: error.hint)
            return nil
        }
    }

    private mutating func registry(_ key: YAMLNode, _ node: YAMLNode, _ to: MirrorPlace) {
        guard let name = key.string, let authority = try? MirrorPlaceText.authority(name) else {
            return foreign.note(key, "\(Printable.quoted(key.text ?? "")) is no registry")
        }
        guard let entries = node.entries else {
            return foreign.note(node, "a registry must be a mapping of keys to values")
        }
        var host = MirrorHost()
        host.host = ForeignReference.contacted(authority)
        var isSpecial = false
        for (key, value) in entries {
            switch key.text ?? "" {
            case "images": each(value, "images", authority, to) { reader, node, rule in reader.tags(node, &rule) }
            case "images-by-tag-regex":
                each(value, "images-by-tag-regex", authority, to) { reader, node, rule in
                    // Skopeo looks for the expression anywhere in a tag.
                    rule.versions.regex = reader.foreign.understood(node, "images-by-tag-regex") {
                        () throws(PatternError) in try TextPattern(".*(?:\(node.string ?? "")).*")
                    }
                }
            case "images-by-semver":
                each(value, "images-by-semver", authority, to) { reader, node, rule in reader.constraint(node, &rule) }
            case "credentials":
                foreign.leave(
                    key, "credentials",
                    "secrets are not read from here, but from Docker's and Helm's files: "
                        + "log in to \(Printable.text(name)) with one of them")
            case "tls-verify":
                host.isInsecure = !foreign.boolean(value, "tls-verify")
                host.tls.verifies = !host.isInsecure
                isSpecial = host.isInsecure
            case "cert-dir":
                foreign.leave(key, "cert-dir", "the system's certificates hold; name others in hosts of a mirror.yaml")
            case let other:
                foreign.note(key, "there is no key \(Printable.quoted(other)) in a registry of skopeo's file")
            }
        }
        if isSpecial { foreign.add(host, at: key) }
    }

    /// One mirror for each repository.
    private mutating func each(
        _ node: YAMLNode, _ key: String, _ host: String, _ to: MirrorPlace,
        _ select: (inout SkopeoReader, YAMLNode, inout MirrorRule) -> Void
    ) {
        if node.isNull { return }
        guard let entries = node.entries else { return foreign.note(node, "\(key) must be a mapping of repositories") }
        for (name, value) in entries {
            guard let reference = try? ForeignReference("\(host)/\(name.text ?? "")"), reference.tag == nil,
                let pattern = try? NamePattern(reference.repository)
            else {
                foreign.note(name, "\(Printable.quoted(name.text ?? "")) is no repository")
                continue
            }
            let from = MirrorPlace.registry(authority: reference.host, isSecure: true, path: "")
            var rule = MirrorRule(name: "", from: from, to: to)
            rule.repositories = [pattern]
            rule.naming = naming(reference)
            select(&self, value, &rule)
            foreign.add(rule, named: "\(host)-\(name.text ?? "")", at: name)
        }
    }

    private func naming(_ reference: ForeignReference) -> NameTemplate {
        let last = reference.repository.split(separator: "/").last.map(String.init) ?? reference.repository
        guard foreign.reading.isScoped else { return .fixed(last) }
        // The name as written, since that is what people look for.
        guard reference.writtenHost != reference.host else { return .withHost }
        return .fixed(reference.writtenHost.replacing(":", with: "_") + "/" + reference.repository)
    }

    private mutating func tags(_ node: YAMLNode, _ rule: inout MirrorRule) {
        var tags: [String] = []
        let repository = rule.repositories.first?.description ?? ""
        for text in foreign.texts(node, "images") {
            if let digest = try? Digest(parsing: text) {
                rule.pins.append(MirrorPin(repository: repository, version: nil, digest: digest))
            } else if (try? Tag(parsing: text)) != nil {
                tags.append(text)
            } else {
                foreign.note(node, "\(Printable.quoted(text)) is neither a tag nor a digest")
            }
        }
        rule.versions.take(tags: tags, isPinned: !rule.pins.isEmpty)
    }

    private mutating func constraint(_ node: YAMLNode, _ rule: inout MirrorRule) {
        do throws(HelmParseError) {
            rule.versions.constraint = try ChartConstraint(parsing: node.string ?? "")
        } catch {
            foreign.note(node, "images-by-semver: \(error.description)")
        }
    }
}
