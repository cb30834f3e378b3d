/// Why a server cannot be made, started or given a certificate.
public enum HTTPServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The host is neither a literal address nor a name that resolves.
    case hostUnknown(String)
    /// Another process listens there.
    case addressInUse(String)
    /// The address needs rights this process does not have.
    case permissionDenied(String)
    /// The address cannot be listened on, with the system's reason.
    case addressInvalid(String, reason: String)
    /// The chain or the key cannot be read, or they do not belong together.
    case certificateInvalid(reason: String)
    /// The server has already been started, or stopped.
    case alreadyStarted
    /// The system gave no threads or descriptors for the loop.
    case cannotStart(reason: String)

    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .hostUnknown(let host): "cannot listen: the host \(host) is not known"
        case .addressInUse(let address): "cannot listen on \(address): another process listens there already"
        case .permissionDenied(let address): "cannot listen on \(address): permission denied"
        case .addressInvalid(let address, let reason): "cannot listen on \(address): \(reason)"
        case .certificateInvalid(let reason): "cannot use the certificate: \(reason)"
        case .alreadyStarted: "the server has already been started"
        case .cannotStart(let reason): "cannot start the server: \(reason)"
        }
    }
}
