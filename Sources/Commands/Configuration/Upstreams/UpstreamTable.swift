import OCIModel

/// The keys of an upstream in the configuration file.
enum UpstreamTable {
    /// The key of the list.
    static let key = "upstreams"

    /// How the entry at an index is read.
    static func table(of index: Int) -> SettingTable<UpstreamConfiguration> {
        SettingTable(
            title: "an upstream", label: key + ".", place: "\(key).\(index).", settings: all,
            refusals: [
                "credentials.password": ValueMistake(
                    "a password does not belong into the configuration",
                    hint: "set passwordFile to a file with it, or passwordEnvironment to a variable's name")
            ])
    }

    /// Every key, in the order of the documentation.
    static let all: [Setting<UpstreamConfiguration>] =
        [prefix, url, urls, hosts] + credentials + tls + [rewrite, allow, deny] + freshness + content + limits

    private static let prefix = Setting<UpstreamConfiguration>(
        path: "prefix", form: "PATH",
        summary: "The path in front of its repositories: ghcr.io/org, stable. The longest prefix wins.",
        read: { value, _, upstream throws(ValueMistake) in
            do throws(OCIParseError) {
                upstream.prefix = try RepositoryName(parsing: single(value))
            } catch {
                throw ValueMistake(error.description)
            }
        },
        write: { $0.prefix.map { .text($0.description) } ?? .nothing })

    /// A list counts as text that is no path.
    private static func single(_ value: GivenValue) -> String {
        if case .text(let text, _) = value { text } else { "" }
    }

    private static let url = Setting<UpstreamConfiguration>(
        path: "url", form: "URL",
        summary: "oci://host[:port][/path] for a registry, oci+http:// for one without TLS; https:// or http:// for a "
            + "classic repository.",
        read: { value, _, upstream throws(ValueMistake) in
            upstream.urls = [try UpstreamAddress(url: try value.single())]
        },
        write: { $0.urls.count == 1 ? .text($0.urls[0].text) : .nothing })

    private static let urls = Setting<UpstreamConfiguration>(
        path: "urls", form: "[URL, ...]", summary: "Several of them, tried in this order.",
        read: { value, _, upstream throws(ValueMistake) in
            upstream.urls = try addresses(value) { text throws(ValueMistake) in try UpstreamAddress(url: text) }
        },
        write: { $0.urls.count > 1 ? .list($0.urls.map(\.text)) : .nothing })

    private static let hosts = Setting<UpstreamConfiguration>(
        path: "hosts", form: "[HOST, ...]",
        summary:
            "Instead of prefix and url: repositories whose path begins with one of these hosts are cached from it, "
            + "a port written as in 127.0.0.1_8080. host or host:port may be registry or repository; oci://host, "
            + "oci+http://host, https://host, http://host say which.",
        read: { value, _, upstream throws(ValueMistake) in
            upstream.hosts = try addresses(value) { text throws(ValueMistake) in try UpstreamAddress(host: text) }
        },
        write: { $0.hosts.isEmpty ? .nothing : .list($0.hosts.map(\.text)) })

    private static func addresses(
        _ value: GivenValue, _ read: (String) throws(ValueMistake) -> UpstreamAddress
    ) throws(ValueMistake) -> [UpstreamAddress] {
        // Not `list(fromFile:)`, which would repeat a text that might hold a password.
        guard case .list(let texts) = value else { throw ValueMistake("must be a list") }
        guard !texts.isEmpty else { throw ValueMistake("is empty") }
        var addresses: [UpstreamAddress] = []
        for (index, text) in texts.enumerated() {
            do throws(ValueMistake) {
                let address = try read(text)
                guard !addresses.contains(address) else { throw ValueMistake("\(address.text) stands here twice") }
                addresses.append(address)
            } catch {
                throw error.at(index)
            }
        }
        return addresses
    }

    private static let rewrite = Setting<UpstreamConfiguration>(
        path: "rewrite", form: "[FROM=TO, ...]",
        summary: "How the path behind the prefix is changed for the upstream, one * on each side; the first that fits.",
        read: { value, _, upstream throws(ValueMistake) in
            upstream.rewrites = try UpstreamRewrite.read(try value.list(fromFile: true))
        },
        write: { .list($0.rewrites.map(\.text)) })

    private static let allow = Setting<UpstreamConfiguration>.patterns(
        "allow", \.allowed,
        "Only paths behind the prefix that fit one of these: * within an element, ** across elements.")

    private static let deny = Setting<UpstreamConfiguration>.patterns(
        "deny", \.denied, "No paths behind the prefix that fit one of these, whatever allow says.")
}

extension Setting {
    /// Patterns of paths.
    static func patterns(_ path: String, _ field: any Field<[String]>, _ summary: String) -> Setting {
        Setting(
            path: path, form: "[PATTERN, ...]", summary: summary,
            read: { value, _, root throws(ValueMistake) in
                let patterns = try value.list(fromFile: true)
                try UpstreamPattern.check(all: patterns)
                root[keyPath: field] = patterns
            },
            write: { .list($0[keyPath: field]) })
    }

    /// A text that must not be empty.
    static func text(_ path: String, _ field: any Field<String?>, form: String, _ summary: String) -> Setting {
        Setting(
            path: path, form: form, summary: summary,
            read: { value, _, root throws(ValueMistake) in
                let text = try value.single()
                guard !text.isEmpty else { throw ValueMistake("is empty") }
                root[keyPath: field] = text
            },
            write: { $0[keyPath: field].map { .text($0) } ?? .nothing })
    }
}
