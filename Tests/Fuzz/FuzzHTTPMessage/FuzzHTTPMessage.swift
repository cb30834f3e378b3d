import HTTPMessage

/// Feeds any bytes to every parser and checks that what they accept survives being written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    checkRanges(text)
    checkTargets(text)
    checkAuthentication(text)
    let accept = AcceptHeader(parsing: text)
    precondition((0...1000).contains(accept.quality(of: "application/json")))
    precondition(!accept.names("text/html") || accept.accepts("text/html"))
    precondition(!EntityTag("a").matches(ifNoneMatch: "\"b\", " + "\"c\""))
    _ = EntityTag("a").matches(ifNoneMatch: text)
    if let seconds = HTTPDate.parse(text) {
        precondition(HTTPDate.parse(HTTPDate.format(unixSeconds: seconds)) == seconds)
    }
    return 0
}

private func checkRanges(_ text: String) {
    for length: Int64 in [0, 1, 300, .max] {
        if case .part(let bytes) = ByteRangeRequest(parsing: text).resolve(length: length) {
            precondition(!bytes.isEmpty && bytes.lowerBound >= 0 && bytes.upperBound <= length)
        }
    }
    if let range = ContentRange(parsing: text) {
        precondition(ContentRange(parsing: range.fieldValue) == range)
    }
    if let range = UploadRange(parsing: text) {
        precondition(UploadRange(parsing: range.fieldValue) == range)
    }
}

private func checkTargets(_ text: String) {
    if let decoded = PercentEncoding.decode(text) {
        precondition(!decoded.utf8.contains(0))
        precondition(PercentEncoding.decode(PercentEncoding.encodePathSegment(decoded)) == decoded)
        precondition(PercentEncoding.decode(PercentEncoding.encodeQueryValue(decoded)) == decoded)
    }
    if let query = QueryItems(parsing: text) {
        precondition(query.items.count <= QueryItems.maximumCount)
    }
    if let target = Link.next(in: text), let again = Link.next(in: Link.next(target)) {
        precondition(Link.next(in: Link.next(again)) == again)
    }
}

private func checkAuthentication(_ text: String) {
    for challenge in AuthenticationChallenge.parse(text) where !challenge.parameters.isEmpty {
        let again = AuthenticationChallenge.parse(challenge.fieldValue)
        precondition(again.first?.scheme == challenge.scheme)
        precondition(again.first?.parameters.count == challenge.parameters.count)
    }
    if let credentials = BasicCredentials(parsing: text) {
        precondition(BasicCredentials(parsing: credentials.fieldValue) == credentials)
    }
    if let bytes = Base64.decode(text) {
        precondition(Base64.encode(bytes) == text)
    }
}
