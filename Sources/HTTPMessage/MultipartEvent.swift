/// What a multipart body holds, in order.
public enum MultipartEvent: Sendable, Equatable {
    /// A part begins.
    case part(MultipartPart)
    /// Bytes of the part that is open, 1 or more.
    case data([UInt8])
    /// The part is complete.
    case partEnd
    /// The last part is complete; what follows is ignored.
    case end
}

/// What the header of a part says.
public struct MultipartPart: Sendable, Equatable {
    /// The form field; nil when the part names none.
    public var name: String?
    /// The file's name as the client has it: a label, never a path to use.
    public var fileName: String?

    /// Builds a part.
    public init(name: String?, fileName: String? = nil) {
        self.name = name
        self.fileName = fileName
    }
}

/// Why a body is no multipart body.
public enum MultipartError: Error, Sendable, Equatable {
    /// A line behind a boundary, or of a part's header, is none.
    case malformed
    /// The header of a part is longer than the parser takes.
    case headerTooLong
    /// More parts than the parser takes.
    case tooManyParts
    /// The body ends before its last boundary.
    case truncated
}

extension MultipartError: CustomStringConvertible {
    /// One clear line.
    public var description: String {
        switch self {
        case .malformed: "the multipart body is malformed: a part's header or a boundary line is not one"
        case .headerTooLong:
            "a part of the multipart body has a header above \(MultipartParser.maximumHeaderBytes) bytes"
        case .tooManyParts: "the multipart body has more than \(MultipartParser.maximumParts) parts"
        case .truncated: "the multipart body ends before its last boundary"
        }
    }
}

extension MultipartPart {
    /// Reads a part's header: the lines before the empty one, without it.
    ///
    /// Only `Content-Disposition` means something here (RFC 7578 section 4.2).
    init(header: [UInt8]) throws(MultipartError) {
        self.init(name: nil)
        guard let text = String(validating: header, as: UTF8.self) else { throw .malformed }
        for line in text.utf8.split(separator: 0x0A) {
            guard line.last == 0x0D else { throw .malformed }
            var scanner = FieldScanner(Substring(line.dropLast()))
            guard let field = scanner.token(), scanner.take(0x3A) else { throw .malformed }
            guard field.equalsIgnoringCase("Content-Disposition"), name == nil else { continue }
            scanner.skipBlanks()
            guard scanner.token() != nil else { throw .malformed }
            let parameters = FieldParameters(&scanner)
            name = parameters.first("name")
            fileName = parameters.first("filename")
        }
    }
}
