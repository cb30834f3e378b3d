internal import CCurl
internal import HTTPMessage

/// One libcurl easy handle with everything its callbacks touch.
///
/// Lives and dies on the client's thread.
///
/// The handle must be out of the multi handle before this object goes.
final class EasyTransfer {
    /// Where the exchange stands, for the deadlines.
    enum Phase {
        case connecting
        case sending
        case waiting
        case receiving
    }

    let exchange: Exchange
    let request: Submission
    unowned let engine: Engine.Loop
    let handle: UnsafeMutableRawPointer
    let startedAt: ContinuousClock.Instant
    var phase = Phase.connecting
    /// When a byte last moved, or when the task last let the transfer go on.
    var lastActivity: ContinuousClock.Instant
    var head: HeadParser
    /// Where the connection leads; nil before it is made, and behind a proxy.
    var peer: HTTPAddressKind?
    /// Whether the connection is a proxy's.
    let isProxied: Bool
    let addressKind: @Sendable (String, Int) -> HTTPAddressKind?
    var bodyBytes: Int64 = 0
    /// Where a body in memory stands.
    var bodyOffset = 0
    /// Which directions libcurl holds still because the task has to move first.
    var pauses = (receiving: false, sending: false)
    /// Whether the engine is to look whether the task can be woken.
    var isDirty = false
    /// What the callbacks found wrong; wins over libcurl's code.
    var failure: HTTPClientError?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private let errorBuffer: UnsafeMutablePointer<CChar>

    init(
        _ request: Submission, exchange: Exchange, configuration: HTTPClientConfiguration, engine: Engine.Loop
    ) throws(HTTPClientError) {
        guard let handle = curl_easy_init() else { throw .engineFailed("no memory for a transfer") }
        self.exchange = exchange
        self.request = request
        self.engine = engine
        self.handle = handle
        startedAt = engine.now
        lastActivity = engine.now
        isProxied = EasyTransfer.usesProxy(request.head, configuration)
        addressKind = configuration.addressKind
        head = HeadParser(maximumBytes: configuration.maximumHeaderBytes)
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try configure(configuration)
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headerList)
        errorBuffer.deallocate()
    }

    /// What libcurl had to say about a failure; bounded by the buffer, empty when it said nothing.
    var explanation: String { String(cString: errorBuffer) }

    /// Marks that a byte moved.
    func touch() {
        lastActivity = engine.now
    }

    /// Has the engine look after the task when libcurl has returned.
    func markDirty() {
        guard !isDirty else { return }
        isDirty = true
        engine.dirty.append(self)
    }
}

// Options. Source: https://curl.se/libcurl/c/curl_easy_setopt.html, libcurl 7.88.1.
extension EasyTransfer {
    private func configure(_ configuration: HTTPClientConfiguration) throws(HTTPClientError) {
        try request.head.checkHost(isProxied: isProxied)
        try set(CURLOPT_URL, request.head.url.description)
        try set(CURLOPT_PROTOCOLS_STR, request.head.url.origin.scheme.rawValue)
        try set(CURLOPT_NOSIGNAL, 1)
        // A cancelled transfer must not wait for its name look-up: everybody else's bytes would wait with it.
        try set(CURLOPT_QUICK_EXIT, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try set(CURLOPT_BUFFERSIZE, 65_536)
        try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        if request.head.url.origin.scheme == .https {
            try set(CURLOPT_PIPEWAIT, 1)
            try configureTLS(configuration.tls)
        }
        if let limit = request.head.deadlines.connect {
            try set(CURLOPT_CONNECTTIMEOUT_MS, max(1, limit.wholeMilliseconds))
        }
        if let path = request.head.unixSocketPath { try set(CURLOPT_UNIX_SOCKET_PATH, path) }
        if configuration.proxy == .none || request.head.unixSocketPath != nil { try set(CURLOPT_PROXY, "") }
        try set(CURLOPT_USERAGENT, configuration.userAgent)
        try check(chartroom_curl_set_error_buffer(handle, errorBuffer))
        try configureMethod()
        try configureHeaders()
        try configureCallbacks()
    }

    private func configureTLS(_ tls: HTTPClientTLS) throws(HTTPClientError) {
        try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        if let file = tls.additionalAuthorities {
            // libcurl trusts the file and the directory together, so the system's directory stays in force.
            try set(CURLOPT_CAINFO, file)
            try set(CURLOPT_CAPATH, "/etc/ssl/certs")
        }
        if let file = tls.certificate {
            try set(CURLOPT_SSLCERT, file)
            try set(CURLOPT_SSLKEY, tls.privateKey ?? file)
        }
        if tls.verification == .none {
            try set(CURLOPT_SSL_VERIFYPEER, 0)
            try set(CURLOPT_SSL_VERIFYHOST, 0)
        }
    }

    private func configureMethod() throws(HTTPClientError) {
        let method = request.head.method
        switch request.body {
        case .none where method == .head: try set(CURLOPT_NOBODY, 1)
        case .none where method == .get: try set(CURLOPT_HTTPGET, 1)
        case .none where method == .post || method == .put || method == .patch: try upload(length: 0)
        case .none: try set(CURLOPT_CUSTOMREQUEST, method.rawValue)
        case .bytes(let bytes): try upload(length: Int64(bytes.count))
        case .stream(let length): try upload(length: length ?? -1)
        }
    }

    /// A length of -1 makes libcurl send the body in chunks.
    private func upload(length: Int64) throws(HTTPClientError) {
        // Without a body nothing has to be rewound, so libcurl could not be kept from sending the request again.
        if length == 0, !request.head.maySendAgain { try set(CURLOPT_FRESH_CONNECT, 1) }
        try set(CURLOPT_UPLOAD, 1)
        try set(CURLOPT_CUSTOMREQUEST, request.head.method.rawValue)
        try check(chartroom_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(length)))
    }

    /// libcurl would wait for `100 Continue` before a large body; an empty field value switches that off.
    private func configureHeaders() throws(HTTPClientError) {
        try appendHeader("Expect:")
        for field in request.head.headers.fields {
            try appendHeader(field.value.isEmpty ? field.name + ";" : field.name + ": " + field.value)
        }
        try check(chartroom_curl_set_headers(handle, headerList))
    }

    private func appendHeader(_ line: String) throws(HTTPClientError) {
        guard let list = curl_slist_append(headerList, line) else { throw .engineFailed("no memory for a header") }
        headerList = list
    }

    private func configureCallbacks() throws(HTTPClientError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(chartroom_curl_set_header_callback(handle, EasyTransfer.headerCallback, context))
        try check(chartroom_curl_set_write_callback(handle, EasyTransfer.writeCallback, context))
        try check(chartroom_curl_set_read_callback(handle, EasyTransfer.readCallback, context))
        try check(chartroom_curl_set_seek_callback(handle, EasyTransfer.seekCallback, context))
        try check(chartroom_curl_set_socket_callback(handle, EasyTransfer.socketCallback, nil))
        try check(chartroom_curl_set_prerequest_callback(handle, EasyTransfer.prerequestCallback, context))
    }

    private func set(_ option: CURLoption, _ value: Int) throws(HTTPClientError) {
        try check(chartroom_curl_set_long(handle, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(HTTPClientError) {
        try check(chartroom_curl_set_string(handle, option, value))
    }

    private func check(_ code: CURLcode) throws(HTTPClientError) {
        guard code == CURLE_OK else {
            throw .engineFailed("libcurl refused an option: \(String(cString: curl_easy_strerror(code)))")
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, kept within what libcurl takes as a `long`.
    var wholeMilliseconds: Int {
        let parts = components
        let (seconds, overflow) = Int(parts.seconds).multipliedReportingOverflow(by: 1000)
        guard !overflow else { return parts.seconds < 0 ? 0 : Int(Int32.max) }
        return min(Int(Int32.max), seconds + Int((parts.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
