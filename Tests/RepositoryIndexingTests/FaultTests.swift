import Content
import HelmModel
import Posix
import RepositoryIndexing
import TestSupport
import Testing

/// System calls that fail.
@Suite struct FaultTests {
    private static let forms = [
        IndexRequest(Room.namespace), IndexRequest(Room.namespace, isGzip: true),
        IndexRequest(Room.namespace, form: .yaml), IndexRequest(Room.namespace, form: .yaml, isGzip: true),
    ]

    @Test("Whichever call fails, the error is told and the next request is answered")
    func everyCall() async throws {
        var failAt = 1
        var failures = 0
        while true {
            let room = try Room()
            try room.fill(100, padding: 1000)
            room.calls.rearm(failAt: failAt)
            for round in 0..<2 {
                if round == 1 { try room.put("chart5", "5.0.\(failAt)") }
                for form in Self.forms {
                    do throws(ContentError) {
                        _ = try await room.bytes(form)
                    } catch {
                        failures += 1
                        #expect(error.httpStatus >= 500 && !error.message.isEmpty)
                        let fresh = try Room.bytes(of: try await room.another().build(form))
                        #expect(try await room.bytes(form) == fresh)
                    }
                }
            }
            if !room.calls.hasFired { break }
            failAt += 1
        }
        #expect(failAt > 20 && failures > 20)
    }

    @Test("What was left in the directory goes at the start, and nothing stays there under a name")
    func directory() async throws {
        let room = try Room()
        try room.directory.write("indexes/12.json", "old")
        let service = try IndexService(reads: room.charts, directory: room.directory.path + "/indexes")
        try room.fill(100)
        _ = try await service.build(IndexRequest(Room.namespace))
        #expect(try Directory(creating: room.directory.path + "/indexes").names().isEmpty)
    }

    @Test("A directory that cannot be made is an error of one sentence")
    func noDirectory() throws {
        let calls = FaultyCalls(failAt: 1)
        let scratch = try ScratchDirectory(below: "/dev/shm")
        #expect {
            try IndexService(reads: MemoryCharts(), directory: scratch.path + "/a", calls: calls.calls)
        } throws: { error in
            guard case ContentError.storageFull(let text) = error else { return false }
            return text.hasPrefix("the directory of repository indexes cannot be prepared")
        }
    }
}
