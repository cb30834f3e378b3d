import Glibc
import HTTPMessage
import OCIModel
import TestSupport
import Testing

/// A disk that takes no more: pushes fail and say so, reads go on, and everything works once there is room again.
@Suite("Disk full", .enabled(if: Workshop.runs(with: Workshop.python, "prlimit"), "no prlimit"))
struct DiskFullTests {
    /// Pushes one blob; the status and the body of the last answer.
    private func push(_ content: [UInt8], _ web: Web) async throws -> (status: Int, body: String) {
        let started = try await web.send(.post, "/v2/room/blobs/uploads/")
        guard started.status == 202, let location = started.headers["Location"] else {
            return (started.status, String(decoding: started.body, as: UTF8.self))
        }
        let ended = try await web.send(.put, location + "?digest=\(Digest(of: content))", body: content)
        return (ended.status, String(decoding: ended.body, as: UTF8.self))
    }

    /// What must hold while there is no room, and afterwards.
    private func check(
        _ web: Web, full: () async throws -> Void, room: () async throws -> Void
    ) async throws {
        let before = SeededGenerator.bytes(seed: 1, count: 50_000)
        let during = SeededGenerator.bytes(seed: 2, count: 200_000)
        #expect(try await push(before, web).status == 201)
        try await full()
        for _ in 0..<3 {
            let refused = try await push(during, web)
            #expect(refused.status == 507, "\(refused)")
            #expect(refused.body.contains(#""errors":["#) && refused.body.contains("message"), "\(refused)")
            #expect(try await web.send(.get, "/v2/room/blobs/\(Digest(of: during))").status == 404)
            #expect(try await web.send(.get, "/v2/room/blobs/\(Digest(of: before))").body == before)
            #expect(try await web.send(.get, "/healthz").status == 200)
        }
        try await room()
        let taken = try await push(during, web)
        #expect(taken.status == 201, "\(taken)")
        for content in [before, during] {
            #expect(try await web.send(.get, "/v2/room/blobs/\(Digest(of: content))").body == content)
        }
    }

    @Test("No write succeeds for a while")
    func limited() async throws {
        let fixture = try Fixture()
        let server = try RunningServer(
            data: fixture.data, through: [Workshop.python, Workshop.driver("limited.py")])
        let web = try Web(try await server.url())
        let number = server.number
        try await check(web) {
            try await succeed("prlimit", ["--pid", "\(number)", "--fsize=1:unlimited"])
        } room: {
            try await succeed("prlimit", ["--pid", "\(number)", "--fsize=unlimited:unlimited"])
        }
        #expect(await server.stop() == 0)
        #expect(try await fixture.start().stop() == 0)
    }

    /// Whether this machine lets us mount a file system of our own.
    static func mounts() async throws -> Bool {
        try await run("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status == 0
    }

    @Test("The file system is full for a while", .enabled("no file system may be mounted", { try await mounts() }))
    func full() async throws {
        let fixture = try Fixture()
        try await succeed("mkdir", [fixture.path("disk")])
        let script = #"mount -t tmpfs -o size=40m none "$1" && shift && exec "$@""#
        let server = try RunningServer(
            data: fixture.path("disk/data"),
            through: ["/usr/bin/unshare", "-rm", "/bin/sh", "-c", script, "sh", fixture.path("disk")])
        let web = try Web(try await server.url())
        // The server's own view of the file system, which nobody else has.
        let disk = "/proc/\(server.number)/root" + fixture.path("disk")
        try await check(web) {
            let status = try await run("sh", ["-c", "cat /dev/zero >\(disk)/more"]).status
            #expect(status != 0)
        } room: {
            try await succeed("rm", [disk + "/more"])
        }
        #expect(await server.stop() == 0)
    }
}
