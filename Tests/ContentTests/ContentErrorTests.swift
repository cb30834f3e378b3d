import Content
import OCIModel
import Testing

@Suite struct ContentErrorTests {
    /// What is expected of one case.
    struct Row: Sendable, CustomStringConvertible {
        var error: ContentError
        var code: OCIErrorCode?
        var status: Int
        var retry: ContentError.Retry

        init(_ error: ContentError, _ code: OCIErrorCode?, _ status: Int, _ retry: ContentError.Retry = .never) {
            self.error = error
            self.code = code
            self.status = status
            self.retry = retry
        }

        var description: String { "\(error)" }
    }

    /// Every case; `number(of:)` sees to it that none is forgotten.
    static let table = [
        Row(.blobUnknown("m"), .blobUnknown, 404),
        Row(.manifestUnknown("m"), .manifestUnknown, 404),
        Row(.nameUnknown("m"), .nameUnknown, 404),
        Row(.uploadUnknown("m"), .blobUploadUnknown, 404),
        Row(.uploadInvalid("m"), .blobUploadInvalid, 400),
        Row(.chunkOutOfOrder("m", offset: 7), .blobUploadInvalid, 416),
        Row(.digestInvalid("m"), .digestInvalid, 400),
        Row(.sizeInvalid("m"), .sizeInvalid, 400),
        Row(.manifestInvalid("m"), .manifestInvalid, 400),
        Row(.referencesMissing("m", []), .manifestBlobUnknown, 400),
        Row(.chartInvalid("m"), .manifestInvalid, 400),
        Row(.conflict("m"), .denied, 409),
        Row(.nameInvalid("m"), .nameInvalid, 400),
        Row(.parameterInvalid("m"), .unsupported, 400),
        Row(.rangeInvalid("m", length: 7), nil, 416),
        Row(.tooLarge("m"), .sizeInvalid, 413),
        Row(.unauthorized("m"), .unauthorized, 401),
        Row(.denied("m"), .denied, 403),
        Row(.unsupported("m"), .unsupported, 405),
        Row(.rateLimited("m", retryAfter: .seconds(3)), .tooManyRequests, 429, .after(.seconds(3))),
        Row(.rateLimited("m", retryAfter: nil), .tooManyRequests, 429, .backoff),
        Row(.unavailable("m"), nil, 502, .backoff),
        Row(.storageFull("m"), nil, 507, .backoff),
        Row(.corrupt("m"), nil, 500),
        Row(.internal("m"), nil, 500),
        Row(.chartInvalid("m"), .manifestInvalid, 400),
        Row(.conflict("m"), .denied, 409),
    ]

    @Test("Code, status and retry of every case", arguments: table)
    func row(row: Row) {
        #expect(row.error.code == row.code)
        #expect(row.error.httpStatus == row.status)
        #expect(row.error.retry == row.retry)
        #expect(row.error.message == "m")
        #expect(row.error.description == "m")
    }

    @Test("The table leaves no case out") func complete() {
        #expect(Set(ContentErrorTests.table.map { number(of: $0.error) }) == Set(0...23))
    }

    @Test("Every code of the specification is reached") func codes() {
        #expect(Set(ContentErrorTests.table.compactMap(\.code)) == Set(OCIErrorCode.allCases))
    }

    @Test("Only an error of this side or the other's load is worth another try") func retries() {
        for row in ContentErrorTests.table where row.retry != .never {
            #expect([429, 502, 507].contains(row.status))
        }
    }

    /// Does not compile when a case is added: then number it, raise the bound above and add its row.
    private func number(of error: ContentError) -> Int {
        switch error {
        case .blobUnknown: 0
        case .manifestUnknown: 1
        case .nameUnknown: 2
        case .uploadUnknown: 3
        case .uploadInvalid: 4
        case .chunkOutOfOrder: 5
        case .digestInvalid: 6
        case .sizeInvalid: 7
        case .manifestInvalid: 8
        case .referencesMissing: 9
        case .nameInvalid: 10
        case .parameterInvalid: 11
        case .rangeInvalid: 12
        case .tooLarge: 13
        case .unauthorized: 14
        case .denied: 15
        case .unsupported: 16
        case .rateLimited: 17
        case .unavailable: 18
        case .storageFull: 19
        case .corrupt: 20
        case .internal: 21
        case .chartInvalid: 22
        case .conflict: 23
        }
    }
}

@Suite struct ContentValuesTests {
    @Test("A change switches on, then off, and leaves the rest") func attributeChange() {
        let change = AttributeChange(enable: [.read, .write], disable: [.write, .list])
        #expect(change.applied(to: []) == [.read])
        #expect(change.applied(to: .all) == [.read, .delete])
        #expect(AttributeChange().applied(to: [.delete]) == [.delete])
        #expect(AttributeLocks.all.rawValue == 15)
    }

    @Test("A session's name is 32 lower-case hex digits") func uploadID() {
        let name = "0123456789abcdef0123456789abcdef"
        #expect(UploadID(name)?.description == name)
        for bad in [
            "", String(name.dropLast()), name + "0", name.uppercased(), "g" + name.dropFirst(), " " + name.dropFirst(),
            "\0" + name.dropFirst(), String(repeating: "é", count: 16), "../../../../../../../../../../etc",
        ] {
            #expect(UploadID(bad) == nil)
        }
    }

    @Test("Pages are compared by their elements and by what follows") func pages() {
        #expect(Page(elements: [1], hasMore: true) == Page(elements: [1], hasMore: true))
        #expect(Page(elements: [1], hasMore: true) != Page(elements: [1], hasMore: false))
        #expect(Page(elements: [1], hasMore: true) != Page(elements: [2], hasMore: true))
    }
}
