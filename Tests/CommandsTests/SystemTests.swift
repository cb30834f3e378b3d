import Glibc
import Posix
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Commands

@Suite struct SystemdTests {
    /// A datagram socket at a path, as the service manager has one.
    struct ManagerSocket: ~Copyable {
        let descriptor: Int32

        init(path: String, isAbstract: Bool = false) {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = (isAbstract ? [0] : []) + Array(path.utf8)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let length = isAbstract ? socklen_t(2 + bytes.count) : socklen_t(MemoryLayout<sockaddr_un>.size)
            let code = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            precondition(code == 0, "bind \(errno)")
        }

        deinit { close(descriptor) }

        func receive() -> String {
            let bytes = [UInt8](unsafeUninitializedCapacity: 1024) { room, count in
                count = max(0, recv(descriptor, room.baseAddress, room.count, Int32(MSG_DONTWAIT)))
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test("Messages reach the manager's socket, one datagram each")
    func messages() throws {
        let directory = try ScratchDirectory()
        let manager = ManagerSocket(path: directory.path + "/notify")
        let notification = SystemdNotification(environment: ["NOTIFY_SOCKET": directory.path + "/notify"])
        #expect(notification.isEnabled)
        try notification.send(.ready(status: "Serving\non 1"))
        #expect(manager.receive() == "READY=1\nSTATUS=Serving on 1")
        try notification.send(.reloading)
        let reloading = manager.receive().split(separator: "\n")
        #expect(reloading.first == "RELOADING=1")
        #expect(reloading.last?.hasPrefix("MONOTONIC_USEC=") == true)
        try notification.send(.stopping(status: "Bye"))
        #expect(manager.receive() == "STOPPING=1\nSTATUS=Bye")
    }

    @Test("Abstract sockets work too")
    func abstract() throws {
        let name = "chartroom-test-\(UInt64.random(in: 0 ... .max))"
        let manager = ManagerSocket(path: name, isAbstract: true)
        try SystemdNotification(environment: ["NOTIFY_SOCKET": "@" + name]).send(.ready(status: "x"))
        #expect(manager.receive() == "READY=1\nSTATUS=x")
    }

    @Test("Without a manager nothing is sent; with a dead or impossible one it is an error")
    func dead() throws {
        try SystemdNotification(environment: [:]).send(.reloading)
        #expect(!SystemdNotification(environment: ["NOTIFY_SOCKET": "vsock:1"]).isEnabled)
        #expect(throws: SystemError.self) {
            try SystemdNotification(environment: ["NOTIFY_SOCKET": "/nonexistent/socket"]).send(.reloading)
        }
        #expect(throws: SystemError.self) {
            try SystemdNotification(environment: ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)]).send(
                .reloading)
        }
    }

    @Test("Sockets of another process, or none, are not taken")
    func foreignSockets() throws {
        #expect(try SystemdSockets.inherited(environment: [:]) == [])
        #expect(try SystemdSockets.inherited(environment: ["LISTEN_PID": "1", "LISTEN_FDS": "1"]) == [])
        let mine = String(ProcessControl.identifier)
        for count in ["0", "-1", "x", "65", "99999999999"] {
            #expect(try SystemdSockets.inherited(environment: ["LISTEN_PID": mine, "LISTEN_FDS": count]) == [])
        }
    }
}

@Suite struct FileTests {
    @Test("A file that changes in any way is noticed, once")
    func watch() throws {
        let directory = try ScratchDirectory()
        let path = try directory.write("a", "one")
        var watch = FileWatch([path, directory.path + "/missing"])
        let change1 = watch.poll()
        #expect(!change1)
        try directory.write("a", "longer")
        let change2 = watch.poll()
        #expect(change2)
        let change3 = watch.poll()
        #expect(!change3)
        try directory.write("b", "longer")
        #expect(rename(directory.path + "/b", path) == 0)
        let change4 = watch.poll()
        #expect(change4, "another file of the same size and content")
        #expect(unlink(path) == 0)
        let change5 = watch.poll()
        #expect(change5)
        try directory.write("missing", "")
        let change6 = watch.poll()
        #expect(change6)
        let change7 = watch.poll()
        #expect(!change7)
    }

    @Test("An atomic file is there when it is committed, and leaves nothing behind otherwise")
    func atomic() throws {
        let directory = try ScratchDirectory()
        let path = directory.path + "/out"
        do {
            let file = try AtomicFile(path: path)
            try file.write(Array("half".utf8))
            #expect(access(path, F_OK) != 0)
        }
        #expect(try Directory(creating: directory.path).names() == [])
        let file = try AtomicFile(path: path)
        try file.write(Array("whole".utf8))
        try file.commit()
        #expect(try File.contents(of: path, maximumBytes: 10) == Array("whole".utf8))
        #expect(try Directory(creating: directory.path).names() == ["out"])
        #expect(throws: SystemError.self) { _ = try AtomicFile(path: directory.path + "/none/out") }
    }

    @Test("Only regular files of the right size are read whole")
    func contents() throws {
        let directory = try ScratchDirectory()
        let path = try directory.write("a", "12345")
        #expect(try File.contents(of: path, maximumBytes: 5).count == 5)
        #expect(throws: SystemError.self) { try File.contents(of: path, maximumBytes: 4) }
        #expect(throws: SystemError.self) { try File.contents(of: directory.path, maximumBytes: 4) }
        #expect(throws: SystemError.self) { try File.contents(of: "/dev/zero", maximumBytes: 4) }
        #expect(throws: SystemError.self) { try File.contents(of: directory.path + "/none", maximumBytes: 4) }
    }
}

@Suite struct LogQueueTests {
    @Test("Lines are written in order, and all of them before closing")
    func order() throws {
        let text = Mutex("")
        let queue = try LogQueue(format: .text) { bytes in
            text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
        }
        let logger = Logger(now: { 0 }, sink: queue.add)
        for number in 0..<500 { logger.info("line \(number)") }
        queue.close()
        let lines = text.withLock {
            $0.split(separator: "\n").map { $0.split(separator: " ").last.flatMap { Int($0) } }
        }
        #expect(lines == Array(0..<500))
    }

    @Test("A stuck reader costs lines, not time, and the loss is told")
    func dropping() throws {
        let text = Mutex("")
        let gate = Condition((isEntered: false, isOpen: false))
        let queue = try LogQueue(format: .json, capacity: 10) { bytes in
            gate.updateAll { $0.isEntered = true }
            gate.wait { gate, _ in gate.isOpen ? () : nil }
            text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
        }
        let logger = Logger(sink: queue.add)
        logger.info("stuck")
        gate.wait { gate, _ in gate.isEntered ? () : nil }
        for number in 0..<100 { logger.info("\(number)") }
        #expect(queue.dropped.value == 90)
        gate.updateAll { $0.isOpen = true }
        queue.close()
        let lines = text.withLock { $0 }
        #expect(lines.split(separator: "\n").count == 1 + 10 + 1)
        #expect(lines.contains("\"message\":\"log lines were dropped\",\"count\":90}"))
    }
}

@Suite struct ProgressTests {
    @Test("A bar appears after a second on a terminal, at most ten times a second, and is wiped")
    func bar() {
        let harness = Harness()
        let clock = Mutex(ContinuousClock.now)
        var console = harness.console(isTerminal: true)
        console.now = { clock.withLock { $0 } }
        let progress = Progress("pulling x", total: 4 << 20, console: console)
        progress.advance(by: 1 << 20)
        #expect(harness.said == "")
        clock.withLock { $0 += .seconds(2) }
        progress.advance(by: 1 << 20)
        #expect(harness.said == "\rpulling x  [##########----------] 50%  2.0 MiB of 4.0 MiB  1.0 MiB/s\u{1B}[K")
        progress.advance(by: 1)
        #expect(harness.said.count(where: { $0 == "[" }) == 2)
        progress.finish()
        #expect(harness.said.hasSuffix("\r\u{1B}[K"))
    }

    @Test("Nobody watching, no bar")
    func silent() {
        let harness = Harness()
        let clock = Mutex(ContinuousClock.now)
        var console = harness.console(isTerminal: false)
        console.now = { clock.withLock { $0 } }
        let progress = Progress("pulling x", total: 10, console: console)
        clock.withLock { $0 += .seconds(5) }
        progress.advance(by: 5)
        progress.finish()
        #expect(harness.said == "")
    }

    @Test("Sizes and times for people")
    func measures() {
        #expect(
            [0, 1023, 1024, 1536, 20 << 30, .max, -5].map(Measure.size) == [
                "0 B", "1023 B", "1.0 KiB", "1.5 KiB", "20.0 GiB", "7.9 EiB", "0 B",
            ])
        #expect(
            [.seconds(0), .seconds(59), .seconds(125), .seconds(3720), .seconds(-1)].map(Measure.time) == [
                "0s", "59s", "2m05s", "1h02m", "0s",
            ])
    }
}
