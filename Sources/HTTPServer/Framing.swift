/// Where one request ends and the next begins, and what of it may be believed.
///
/// libmicrohttpd reads requests leniently; a proxy in front that reads the same bytes another way would see other
/// requests than this server does (request smuggling). Whatever two readers could understand differently is
/// refused here.
///
/// <https://www.rfc-editor.org/rfc/rfc9112#section-6.3>
struct Framing {
    enum Body: Equatable {
        case none
        case length(Int64)
        case chunked
    }

    var body = Body.none
    var expectsContinue = false
    /// What is wrong with the request, as a status and a sentence.
    var refusal: (status: Int, message: String)?

    /// The request line as libmicrohttpd split it.
    struct Line {
        let method: UnsafeBufferPointer<UInt8>
        let target: RawTarget
        let version: UnsafeBufferPointer<UInt8>
    }

    /// Judges a request from its header.
    ///
    /// `checksLayout` says that the header still lies in one piece where libmicrohttpd read it, as it does before
    /// version 1.0, whose own parser finds what is hidden behind a NUL.
    init(_ line: Line, _ slots: [HeaderSlot], headerBytes: Int, checksLayout: Bool, limits: ServerLimits) {
        do throws(Refused) {
            try check(line, slots, headerBytes, checksLayout, limits)
        } catch {
            refusal = (error.status, error.message)
        }
    }

    private struct Refused: Error {
        let status: Int
        let message: String

        init(_ status: Int, _ message: String) {
            self.status = status
            self.message = message
        }
    }

    private mutating func check(
        _ line: Line, _ slots: [HeaderSlot], _ headerBytes: Int, _ checksLayout: Bool, _ limits: ServerLimits
    ) throws(Refused) {
        guard headerBytes <= limits.headerBytes else { throw Refused(431, "the request header is too large") }
        guard line.target.count <= limits.targetBytes else { throw Refused(414, "the request target is too long") }
        let isCurrent = try Framing.checkLine(line)
        if checksLayout { try Framing.checkLayout(line, slots, headerBytes) }
        try checkFields(slots, isCurrent)
    }

    /// Returns whether the version is 1.1.
    private static func checkLine(_ line: Line) throws(Refused) -> Bool {
        guard (1...32).contains(line.method.count), line.method.allSatisfy(isTokenByte) else {
            throw Refused(400, "the method is malformed")
        }
        guard line.version.elementsEqual("HTTP/1.1".utf8) || line.version.elementsEqual("HTTP/1.0".utf8) else {
            throw Refused(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
        }
        guard line.target.isPrintable else {
            throw Refused(400, "the request target holds bytes that must be escaped")
        }
        return line.version[7] == 0x31
    }

    private mutating func checkFields(_ slots: [HeaderSlot], _ isCurrent: Bool) throws(Refused) {
        var hosts = 0
        var lengths = 0
        var codings = 0
        for slot in slots {
            guard !slot.name.isEmpty, slot.name.allSatisfy(Framing.isTokenByte) else {
                throw Refused(400, "a header field's name is malformed")
            }
            guard slot.value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw Refused(400, "a header field holds control characters")
            }
            switch slot.name.count {
            case 4 where slot.isNamed("Host"):
                hosts += 1
                guard slot.value.allSatisfy({ $0 > 0x20 && $0 != 0x2C && $0 != 0x2F && $0 != 0x40 }) else {
                    throw Refused(400, "the Host field is malformed")
                }
            case 6 where slot.isNamed("Expect"):
                expectsContinue = slot.text.utf8.elementsEqual("100-continue".utf8)
            case 14 where slot.isNamed("Content-Length"):
                lengths += 1
                guard let length = Framing.length(slot.value) else {
                    throw Refused(400, "the Content-Length is malformed")
                }
                body = length == 0 ? .none : .length(length)
            case 17 where slot.isNamed("Transfer-Encoding"):
                codings += 1
                guard Framing.isChunked(slot.value) else {
                    throw Refused(400, "the only transfer coding taken here is chunked")
                }
            default: break
            }
        }
        guard hosts <= 1, hosts == 1 || !isCurrent else { throw Refused(400, "a request has exactly one Host field") }
        guard lengths <= 1, codings <= 1, lengths + codings <= 1 else {
            throw Refused(400, "the length of the request body is ambiguous")
        }
        if codings == 1 {
            guard isCurrent else { throw Refused(400, "HTTP/1.0 has no transfer codings") }
            body = .chunked
        }
    }

    private static func length(_ digits: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }

    private static func isChunked(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        value.count == 7 && zip(value, "chunked".utf8).allSatisfy { $0 | 0x20 == $1 }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}

extension Framing {
    /// Follows the header through the read buffer and refuses what C strings do not show.
    ///
    /// libmicrohttpd writes a NUL over each separator (blank, colon, CR, LF) and hands out C strings. So between
    /// two strings there may only be those NULs and blanks: anything else was cut off by a NUL that the client
    /// sent, or moved by a folded line. One NUL alone at the end of a line was a bare LF. What cannot be told from
    /// a CR LF any more is a NUL LF: it ends the line here, and for every reader that does not refuse it.
    private static func checkLayout(_ line: Line, _ slots: [HeaderSlot], _ headerBytes: Int) throws(Refused) {
        guard let start = line.method.baseAddress, let target = line.target.path.baseAddress,
            let version = line.version.baseAddress
        else { throw Refused(400, "the request line is malformed") }
        let end = start + headerBytes
        guard start + line.method.count + 1 == target, target + line.target.count + 1 == version else {
            throw Refused(400, "the request line is malformed")
        }
        var position = version + line.version.count
        for slot in slots {
            guard let name = slot.name.baseAddress, let value = slot.value.baseAddress else {
                throw Refused(400, "a header field is malformed")
            }
            try checkGap(from: position, to: name, within: end, minimum: 2)
            try checkGap(from: name + slot.name.count, to: value, within: end, minimum: 1)
            position = value + slot.value.count
        }
        try checkGap(from: position, to: end, within: end, minimum: 4)
    }

    private static func checkGap(
        from start: UnsafePointer<UInt8>, to end: UnsafePointer<UInt8>, within limit: UnsafePointer<UInt8>,
        minimum: Int
    ) throws(Refused) {
        let count = end - start
        guard end <= limit, count >= minimum,
            UnsafeBufferPointer(start: start, count: count).allSatisfy({ $0 == 0 || $0 == 0x20 || $0 == 0x09 })
        else { throw Refused(400, "the header holds a NUL, a bare line feed or a folded line") }
    }
}
