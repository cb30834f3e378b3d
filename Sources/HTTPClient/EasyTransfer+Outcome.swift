internal import CCurl

// How a transfer ended, and when it is too late.
extension EasyTransfer {
    private var host: String { request.head.url.authority }

    /// The deadline that comes next; nil when none is set.
    ///
    /// The connect deadline is libcurl's own. Stalls do not count while the transfer waits for its task.
    var nextDeadline: (HTTPDeadline, ContinuousClock.Instant)? {
        let deadlines = request.head.deadlines
        var next = deadlines.total.map { (HTTPDeadline.total, startedAt.advanced(by: $0)) }
        let phaseDeadline: (HTTPDeadline, ContinuousClock.Instant)?
        switch phase {
        case .connecting: phaseDeadline = nil
        case .waiting: phaseDeadline = deadlines.firstByte.map { (.firstByte, lastActivity.advanced(by: $0)) }
        case .sending, .receiving:
            let waitsForTask = phase == .sending ? pauses.sending : pauses.receiving
            phaseDeadline =
                waitsForTask ? nil : deadlines.stall.map { (.stall, lastActivity.advanced(by: $0)) }
        }
        if phase != .receiving, let limit = deadlines.head {
            let instant = startedAt.advanced(by: limit)
            if next.map({ instant < $0.1 }) ?? true { next = (.head, instant) }
        }
        if let phaseDeadline, next.map({ phaseDeadline.1 < $0.1 }) ?? true { next = phaseDeadline }
        return next
    }

    /// The error for a deadline that passed.
    func timeout(_ deadline: HTTPDeadline) -> HTTPClientError {
        let limit: Duration?
        let what: String
        switch deadline {
        case .connect: (limit, what) = (request.head.deadlines.connect, "did not take the connection")
        case .firstByte: (limit, what) = (request.head.deadlines.firstByte, "did not begin to answer")
        case .head: (limit, what) = (request.head.deadlines.head, "did not answer")
        case .stall: (limit, what) = (request.head.deadlines.stall, "went silent in the middle of the exchange")
        case .total: (limit, what) = (request.head.deadlines.total, "did not finish the exchange")
        }
        return .timedOut(deadline, "\(host) \(what) within \(limit.map { "\($0)" } ?? "the time allowed")")
    }

    /// What libcurl's code means.
    ///
    /// Source: https://curl.se/libcurl/c/libcurl-errors.html.
    func outcome(of code: CURLcode) -> Result<Void, HTTPClientError> {
        if let failure { return .failure(failure) }
        guard code != CURLE_OK else { return .success(()) }
        let said = explanation
        let reason = said.isEmpty ? String(cString: curl_easy_strerror(code)) : said
        return .failure(error(for: code, reason: reason))
    }

    private func error(for code: CURLcode, reason: String) -> HTTPClientError {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            .hostNotFound("\(host) has no address: check the name and the network (\(reason))")
        case CURLE_COULDNT_RESOLVE_PROXY:
            .hostNotFound("the proxy for \(host) has no address: check http_proxy and https_proxy (\(reason))")
        case CURLE_COULDNT_CONNECT:
            .connectFailed("\(place) cannot be reached: \(reason)")
        case CURLE_OPERATION_TIMEDOUT:
            timeout(.connect)
        case CURLE_PEER_FAILED_VERIFICATION:
            .tlsFailed("\(host) shows a certificate that is not trusted: \(reason)")
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED, CURLE_SSL_INVALIDCERTSTATUS:
            .tlsFailed("TLS with \(host) failed: \(reason)")
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SEND_FAIL_REWIND,
            CURLE_HTTP2, CURLE_HTTP2_STREAM:
            .connectionLost("\(host) closed the connection too early: \(reason)")
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
            .responseInvalid("\(host) sent a bad response: \(reason)")
        case CURLE_ABORTED_BY_CALLBACK, CURLE_WRITE_ERROR, CURLE_READ_ERROR:
            .cancelled
        case CURLE_OUT_OF_MEMORY:
            .engineFailed("no memory for the exchange with \(host)")
        default:
            .engineFailed("the exchange with \(host) failed: \(reason)")
        }
    }

    private var place: String { request.head.unixSocketPath.map { "the socket \($0)" } ?? host }
}
