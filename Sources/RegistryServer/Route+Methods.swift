internal import HTTPMessage

extension Route {
    /// What a path offers: the one table of methods, and what `Allow` says of them (RFC 9110 section 15.5.6).
    var methods: [HTTPMethod] {
        switch self {
        case .root, .health, .readiness, .metrics, .base, .catalog, .tags, .referrers: [.get, .head]
        case .manifest: [.get, .head, .put, .delete]
        case .blob: [.get, .head, .delete]
        case .uploads: [.post]
        case .upload: [.get, .head, .patch, .put, .delete]
        case .attributes(.catalog), .attributes(.tags), .attributes(.manifests): [.get, .head]
        case .attributes(.repository), .attributes(.tag): [.get, .head, .patch, .delete]
        case .attributes(.manifest): [.get, .head, .patch]
        }
    }
}
