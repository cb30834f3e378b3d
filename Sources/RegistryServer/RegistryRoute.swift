public import FrontDoor
public import HTTPMessage

/// What a path of the registry names.
public struct RegistryRoute: FaceRoute {
    let target: RegistryTarget

    /// Which kind of route it is.
    public var kind: Int { target.kind.rawValue }
    /// The object in the access log.
    public var object: String? { target.object }

    /// What may be done with it.
    public var methods: MethodSet {
        switch target {
        case .base, .catalog, .tags, .referrers: .read
        case .manifest: [.get, .head, .put, .delete]
        case .blob: [.get, .head, .delete]
        case .uploads: .post
        case .upload: [.get, .head, .patch, .put, .delete]
        case .attributes(.catalog), .attributes(.tags), .attributes(.manifests): .read
        case .attributes(.repository), .attributes(.tag): [.get, .head, .patch, .delete]
        case .attributes(.manifest): [.get, .head, .patch]
        }
    }

    /// What a request needs to pass.
    public func need(_ method: HTTPMethod) -> AccessNeed {
        switch target {
        case .base: .login
        case .catalog, .tags, .referrers: .read
        case .uploads, .upload: .readWrite
        case .manifest, .blob, .attributes: method == .get || method == .head ? .read : .readWrite
        }
    }
}
