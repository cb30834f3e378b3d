import HTTPMessage

/// Reads a body whole and cut in pieces, and checks that both say the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    // The first line is the Content-Type, the first byte behind it how long a piece is.
    guard let lineEnd = bytes.firstIndex(of: 0x0A), lineEnd + 1 < bytes.count,
        let boundary = MultipartBoundary(contentType: String(decoding: bytes[..<lineEnd], as: UTF8.self))
    else { return 0 }
    let body = Array(bytes[(lineEnd + 2)...])
    let whole = read(body, boundary, piece: max(1, body.count))
    let pieces = read(body, boundary, piece: Int(bytes[lineEnd + 1] % 16) + 1)
    precondition(whole.events == pieces.events && whole.error == pieces.error)
    let partCount = whole.events.count { if case .part = $0 { true } else { false } }
    precondition(partCount <= MultipartParser.maximumParts)
    return 0
}

private func read(
    _ body: [UInt8], _ boundary: MultipartBoundary, piece: Int
) -> (events: [MultipartEvent], error: MultipartError?) {
    var parser = MultipartParser(boundary)
    var joined: [MultipartEvent] = []
    do throws(MultipartError) {
        var position = 0
        while position < body.count {
            let end = min(position + piece, body.count)
            for event in try parser.parse(Array(body[position..<end])) { add(event, to: &joined) }
            position = end
        }
        try parser.finish()
    } catch {
        // What came before a mistake depends on where the pieces were cut.
        return ([], error)
    }
    return (joined, nil)
}

private func add(_ event: MultipartEvent, to events: inout [MultipartEvent]) {
    if case .data(let more) = event, case .data(let known)? = events.last {
        events[events.count - 1] = .data(known + more)
    } else {
        events.append(event)
    }
}
