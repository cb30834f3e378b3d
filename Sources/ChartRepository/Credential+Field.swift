internal import Content
internal import HTTPMessage
internal import RemoteRegistry

extension Credential {
    /// The value of `Authorization`; nil for an identity token.
    func fieldValue(for repository: String) throws(ContentError) -> Secret? {
        switch self {
        case .password(let user, let password):
            guard let pair = BasicCredentials(user: user, password: password.revealed) else {
                throw .parameterInvalid("the user name for \(repository) holds a colon, which HTTP cannot carry")
            }
            return Secret(pair.fieldValue)
        case .accessToken(let token): return Secret("Bearer " + token.revealed)
        case .identityToken: return nil
        }
    }
}
