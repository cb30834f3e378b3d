internal import Content
internal import HTTPMessage
internal import OCIModel

/// What a path names.
///
/// Parsed once; from here on nothing is text.
enum RegistryTarget {
    /// end-1.
    case base
    case catalog
    /// end-3, end-7, end-9.
    case manifest(RepositoryName, ManifestReference)
    /// end-2, end-10.
    case blob(RepositoryName, Digest)
    /// end-4, end-11.
    case uploads(RepositoryName)
    /// end-5, end-6, end-13, end-14.
    case upload(RepositoryName, UploadID)
    /// end-8.
    case tags(RepositoryName)
    /// end-12.
    case referrers(RepositoryName, Digest)
    case attributes(AttributeRoute)

    /// The data plane of Azure Container Registry: what people look at and lock.
    enum AttributeRoute {
        case catalog
        case repository(RepositoryName)
        case tags(RepositoryName)
        case tag(RepositoryName, Tag)
        case manifests(RepositoryName)
        case manifest(RepositoryName, Digest)
    }

    /// The routes' names in metrics and logs: a closed set.
    enum Kind: Int, CaseIterable {
        case base, catalog, manifest, blob, uploads, upload, tags, referrers
        case attributes
    }

    var kind: Kind {
        switch self {
        case .base: .base
        case .catalog: .catalog
        case .manifest: .manifest
        case .blob: .blob
        case .uploads: .uploads
        case .upload: .upload
        case .tags: .tags
        case .referrers: .referrers
        case .attributes: .attributes
        }
    }

    /// The object in the access log.
    var object: String? {
        switch self {
        case .manifest(let name, .tag(let tag)): "\(name):\(tag)"
        case .manifest(let name, .digest(let digest)), .blob(let name, let digest), .referrers(let name, let digest):
            "\(name)@\(digest)"
        case .uploads(let name), .upload(let name, _), .tags(let name): name.description
        case .attributes(.repository(let name)), .attributes(.tags(let name)), .attributes(.tag(let name, _)),
            .attributes(.manifests(let name)), .attributes(.manifest(let name, _)):
            name.description
        case .base, .catalog, .attributes(.catalog): nil
        }
    }
}

/// A path that names nothing, or names it wrongly.
enum RouteError: Error {
    /// No path of a registry.
    case foreign
    /// No such path.
    case unknown
    /// A name, tag or digest in it is malformed.
    case malformed(ContentError)
}

extension RegistryTarget {
    /// Parses a path as sent.
    ///
    /// Percent-encoded names and digests (`acr%2Fdemo`, `sha256%3A…`) mean what they decode to.
    init(parsing rawPath: String) throws(RouteError) {
        let path: Substring
        if rawPath.utf8.contains(UInt8(ascii: "%")) {
            guard let decoded = PercentEncoding.decode(rawPath) else { throw .foreign }
            path = Substring(decoded)
        } else {
            path = Substring(rawPath)
        }
        if path.hasPrefix("/v2/") {
            self = try RegistryTarget.distribution(path.dropFirst(4))
        } else if path.hasPrefix("/acr/v1/") {
            self = .attributes(try AttributeRoute(path.dropFirst(8)))
        } else {
            guard path == "/v2" else { throw .foreign }
            self = .base
        }
    }

    /// `<name>/<kind>/<last>`: the name may hold slashes, so the path is read from its end.
    private static func distribution(_ path: Substring) throws(RouteError) -> RegistryTarget {
        if path.isEmpty { return .base }
        if path == "_catalog" { return .catalog }
        guard let lastSlash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { throw .unknown }
        let last = path[path.utf8.index(after: lastSlash)...]
        let head = path[..<lastSlash]
        guard let kindSlash = head.utf8.lastIndex(of: UInt8(ascii: "/")) else { throw .unknown }
        let kind = head[head.utf8.index(after: kindSlash)...]
        let name = head[..<kindSlash]
        switch kind {
        case "manifests": return .manifest(try repository(name), try reference(last, in: name))
        case "blobs" where last == "uploads": return .uploads(try repository(name))
        case "blobs": return .blob(try repository(name), try digest(last))
        case "tags" where last == "list": return .tags(try repository(name))
        case "referrers": return .referrers(try repository(name), try digest(last))
        case "uploads" where name.hasSuffix("/blobs"):
            let repository = try repository(name.dropLast(6))
            if last.isEmpty { return .uploads(repository) }
            guard let id = UploadID(last) else {
                throw .malformed(.uploadUnknown("upload \(OCIParseError.quote(last)) is not open in \(repository)"))
            }
            return .upload(repository, id)
        default: throw .unknown
        }
    }

    static func repository(_ text: Substring) throws(RouteError) -> RepositoryName {
        do { return try RepositoryName(parsing: text) } catch { throw .malformed(.nameInvalid(error.description)) }
    }

    static func digest(_ text: Substring) throws(RouteError) -> Digest {
        do { return try Digest(parsing: text) } catch { throw .malformed(.digestInvalid(error.description)) }
    }

    /// A tag that cannot exist is not known: clients probe with such names and expect 404.
    private static func reference(_ text: Substring, in name: Substring) throws(RouteError) -> ManifestReference {
        if text.utf8.contains(UInt8(ascii: ":")) { return .digest(try digest(text)) }
        do { return .tag(try Tag(parsing: text)) } catch {
            throw .malformed(.manifestUnknown(error.description))
        }
    }
}

extension RegistryTarget.AttributeRoute {
    init(_ path: Substring) throws(RouteError) {
        if path == "_catalog" {
            self = .catalog
            return
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if let last = parts.last, parts.count > 1, last == "_tags" || last == "_manifests" {
            let name = try RegistryTarget.repository(path.dropLast(last.count + 1))
            self = last == "_tags" ? .tags(name) : .manifests(name)
        } else if parts.count > 2, parts[parts.count - 2] == "_tags" || parts[parts.count - 2] == "_manifests" {
            let last = parts[parts.count - 1]
            let kind = parts[parts.count - 2]
            let name = try RegistryTarget.repository(path.dropLast(last.count + kind.count + 2))
            if kind == "_tags" {
                do { self = .tag(name, try Tag(parsing: last)) } catch {
                    throw .malformed(.manifestUnknown(error.description))
                }
            } else {
                self = .manifest(name, try RegistryTarget.digest(last))
            }
        } else {
            self = .repository(try RegistryTarget.repository(path))
        }
    }
}
