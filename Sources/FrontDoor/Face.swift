public import Content
public import HTTPMessage
public import HTTPServer

/// One of the things a server is: it owns some paths and answers them.
///
/// The door asks its faces in order, and the first that knows the path answers.
public protocol Face: Sendable {
    /// What a path of this face names.
    associatedtype Route: FaceRoute
    /// The names of its kinds of routes in metrics and logs, by `FaceRoute.kind`: a closed set.
    var kinds: [String] { get }
    /// Reads the path of a request, on the loop thread.
    func recognize(_ request: any Request) -> Recognition<Route>
    /// Decides what happens to a request that may pass, on the loop thread.
    ///
    /// Called off it, on a thread that may block, where credentials had to be looked into first.
    func plan(_ route: Route, _ request: any Request) throws(ContentError) -> Plan
    /// An error in the face's own form.
    func failure(_ error: ContentError) -> Response
}

/// What a path names, parsed once.
public protocol FaceRoute: Sendable {
    /// Which of the face's kinds it is.
    var kind: Int { get }
    /// What may be done with it: the one table of methods, and what `Allow` says.
    var methods: MethodSet { get }
    /// The object in the access log, such as `repository:tag`; nil when there is none to name.
    var object: String? { get }
    /// What a request needs to pass; `method` is one of `methods`.
    func need(_ method: HTTPMethod) -> AccessNeed
}

/// What a face makes of a path.
public enum Recognition<Route: Sendable>: Sendable {
    /// Another face's.
    case foreign
    /// This face's.
    case route(Route)
    /// This face's, and nothing is there: answered before anyone is asked who they are.
    case wrong(Response)
}

/// What a request needs to pass.
public enum AccessNeed: Sendable {
    /// Nothing: credentials are not looked at.
    case nothing
    /// Right credentials, or none; but where users are, the anonymous are asked to log in.
    case login
    /// `AccessLevel.read`.
    case read
    /// `AccessLevel.readWrite`.
    case readWrite

    /// The level it takes.
    var level: AccessLevel {
        switch self {
        case .nothing, .login: .none
        case .read: .read
        case .readWrite: .readWrite
        }
    }
}

/// The methods a path knows.
public struct MethodSet: OptionSet, Sendable {
    /// A bit for each method.
    public let rawValue: UInt8

    /// Takes bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// GET.
    public static let get = MethodSet(rawValue: 1)
    /// HEAD.
    public static let head = MethodSet(rawValue: 2)
    /// PUT.
    public static let put = MethodSet(rawValue: 4)
    /// POST.
    public static let post = MethodSet(rawValue: 8)
    /// PATCH.
    public static let patch = MethodSet(rawValue: 16)
    /// DELETE.
    public static let delete = MethodSet(rawValue: 32)
    /// What reads: GET and HEAD.
    public static let read: MethodSet = [.get, .head]

    private static let order: [(MethodSet, HTTPMethod)] = [
        (.get, .get), (.head, .head), (.put, .put), (.post, .post), (.patch, .patch), (.delete, .delete),
    ]

    /// Whether a method is one of them.
    public func contains(_ method: HTTPMethod) -> Bool {
        MethodSet.order.contains { contains($0.0) && $0.1 == method }
    }

    /// The value of an `Allow` field (RFC 9110 section 10.2.1).
    var fieldValue: String {
        MethodSet.order.filter { contains($0.0) }.map(\.1.rawValue).joined(separator: ", ")
    }
}
