import Content
import OCIModel
import Synchronization
import TestSupport
import Testing
import Transfer

@Suite struct CopyTests {
    private let from = RepositoryName.named("from/chart")
    private let to = RepositoryName.named("to/chart")
    private let tag = OCIModel.Tag.named("1.0.0")

    private func request(_ change: (inout TransferRequest) -> Void = { _ in }) -> TransferRequest {
        var request = TransferRequest(.tag(tag), from: from, to: to, tags: [tag])
        change(&request)
        return request
    }

    private func transfer(
        _ source: RecordedEnd, _ destination: RecordedEnd, _ knowledge: DestinationKnowledge = DestinationKnowledge()
    ) -> Transfer {
        Transfer(from: source, to: destination, knowledge: knowledge)
    }

    private func failure(_ work: () async throws(TransferError) -> Void) async -> TransferError? {
        do throws(TransferError) {
            try await work()
            return nil
        } catch {
            return error
        }
    }

    @Test("A chart costs three reads, two blobs and one manifest, and nobody is asked in a new repository")
    func floor() async throws {
        let chart = SampleChart("x", "1.0.0")
        let (source, destination) = (RecordedEnd(), RecordedEnd())
        try await chart.push(to: source.registry, from, tags: [tag])
        let summary = try await transfer(source, destination).copyGraph(request { $0.isNew = true })
        #expect(source.calls.count == 3)
        #expect(source.count("manifest") == 1 && source.count("read") == 2)
        #expect(destination.count("has") == 0)
        #expect(destination.calls.filter { $0.hasPrefix("place") }.allSatisfy { $0.hasSuffix(" new") })
        #expect(destination.calls.last == "put \(chart.manifest.digest) 1.0.0")
        #expect(summary.digest == chart.manifest.digest)
        #expect((summary.manifests, summary.blobs, summary.mounted) == (1, 2, 0))
        #expect(summary.bytes == Int64(chart.config.count + chart.archive.count))
        #expect(!summary.wasThere)
        #expect(try await destination.registry.manifest(.tag(tag), in: to) == chart.manifest)
    }

    @Test("A large blob is relayed in pieces, whole and in order")
    func large() async throws {
        let chart = SampleChart("x", "1.0.0", archiveBytes: 3_000_001)
        let (source, destination) = (RecordedEnd(), RecordedEnd())
        try await chart.push(to: source.registry, from, tags: [tag])
        let moved = Mutex<Int64>(0)
        let summary = try await transfer(source, destination).copyGraph(request()) { progress in
            if case .bytes(_, let count) = progress { moved.withLock { $0 += count } }
        }
        let archive = Digest(of: chart.archive)
        #expect(try await destination.registry.blob(archive, in: to) == chart.archive)
        #expect(moved.withLock { $0 } == summary.bytes)
    }

    @Test("A source that lies about a blob is told so, and no tag moves", arguments: [3000, 3_000_000])
    func lies(size: Int) async throws {
        let chart = SampleChart("x", "1.0.0", archiveBytes: size)
        let lies: [@Sendable ([UInt8]) -> [UInt8]] = [
            { $0.count < 1000 ? $0 : $0.dropLast() + [$0[$0.count - 1] ^ 1] },
            { $0.count < 1000 ? $0 : Array($0.dropLast()) },
            { $0.count < 1000 ? $0 : $0 + [1] },
        ]
        for lie in lies {
            let registry = MemoryRegistry()
            try await chart.push(to: registry, from, tags: [tag])
            let destination = RecordedEnd()
            let transfer = transfer(RecordedEnd(registry, lie: lie), destination)
            let error = await failure { () throws(TransferError) in _ = try await transfer.copyGraph(request()) }
            #expect(error?.side == .source)
            guard case .corrupt? = error?.error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            let held = try destination.registry.holdings(of: to)
            #expect(held.tags.isEmpty && held.manifests.isEmpty)
            #expect(!held.blobs.contains(Digest(of: chart.archive)))
        }
    }

    @Test("A tag that moved since it was looked at is reported with both digests, and nothing is written")
    func moved() async throws {
        let (old, new) = (SampleChart("x", "1.0.0"), SampleChart("x", "1.0.0", seed: 2))
        let (source, destination) = (RecordedEnd(), RecordedEnd())
        try await new.push(to: source.registry, from, tags: [tag])
        let transfer = transfer(source, destination)
        let error = await failure { () throws(TransferError) in
            _ = try await transfer.copyGraph(request { $0.expected = old.manifest.digest })
        }
        #expect(error?.side == .source)
        guard case .conflict(let message)? = error?.error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("\(old.manifest.digest)") && message.contains("\(new.manifest.digest)"))
        #expect(destination.calls.isEmpty)
    }

    @Test(
        "What the destination says is the destination's, and no tag moves",
        arguments: [
            ContentError.storageFull("full"), .tooLarge("large"), .unavailable("away"), .denied("no"),
        ])
    func destinationFails(with error: ContentError) async throws {
        let chart = SampleChart("x", "1.0.0")
        let source = RecordedEnd()
        try await chart.push(to: source.registry, from, tags: [tag])
        let archive = Digest(of: chart.archive)
        let destination = RecordedEnd { call, what throws(ContentError) in
            if call == "place", what.hasPrefix("\(archive)") { throw error }
        }
        let transfer = transfer(source, destination)
        let found = await failure { () throws(TransferError) in _ = try await transfer.copyGraph(request()) }
        #expect(found == TransferError(.destination, error))
        #expect(destination.count("put") == 0)
    }

    @Test("A blob that two charts share is moved once and then mounted")
    func shared() async throws {
        let source = RecordedEnd()
        let config = Array("{}".utf8)
        let names = (0..<6).map { RepositoryName.named("from/chart\($0)") }
        let shared = Descriptor(of: config, .helmConfig)
        for (number, name) in names.enumerated() {
            let archive = Array("archive \(number)".utf8)
            try await source.registry.putBlob(shared, in: name, config)
            try await source.registry.putBlob(Descriptor(of: archive, .helmChart), in: name, archive)
            let manifest = SampleChart.manifest(config: shared, layers: [Descriptor(of: archive, .helmChart)])
            try await source.registry.putManifest(manifest, tags: [tag], in: name)
        }
        let destination = RecordedEnd()
        let transfer = transfer(source, destination)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                let target = RepositoryName.named("to/" + name.elements[1])
                group.addTask {
                    var request = TransferRequest(.tag(tag), from: name, to: target, tags: [tag])
                    request.isNew = true
                    _ = try await transfer.copyGraph(request)
                }
            }
            try await group.waitForAll()
        }
        #expect(source.calls.count { $0.hasPrefix("read \(shared.digest)") } == 1)
        #expect(destination.calls.count { $0 == "mounted \(shared.digest)" } == 5)
        // The same again sends nothing, and asks for no blob.
        let before = destination.calls.count
        _ = try await transfer.copyGraph(
            TransferRequest(.tag(tag), from: names[0], to: .named("to/chart0"), tags: [tag]))
        #expect(destination.calls.count == before + 1)
    }

    @Test("When whoever moves a shared blob fails, the next moves it")
    func leaderFails() async throws {
        let failures = Mutex(1)
        let source = RecordedEnd()
        let chart = SampleChart("x", "1.0.0")
        let archive = Digest(of: chart.archive)
        try await chart.push(to: source.registry, from, tags: [tag])
        let destination = RecordedEnd { call, what throws(ContentError) in
            guard call == "place", what.hasPrefix("\(archive)") else { return }
            let fails = failures.withLock { left in
                defer { left -= 1 }
                return left > 0
            }
            if fails { throw .unavailable("once") }
        }
        let transfer = transfer(source, destination)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    await failure { () throws(TransferError) in _ = try await transfer.copyGraph(request()) } == nil
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 } == 1)
        #expect(try destination.registry.holdings(of: to).tags == [tag: chart.manifest.digest])
    }

    @Test("Layers that may not be distributed stay where they are")
    func foreign() async throws {
        let source = RecordedEnd()
        let config = Array("{}".utf8)
        let foreign = try MediaType(parsing: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
        let layer = Descriptor(of: Array("elsewhere".utf8), foreign)
        let manifest = SampleChart.manifest(config: Descriptor(of: config), layers: [layer])
        try await source.registry.putBlob(Descriptor(of: config), in: from, config)
        try await source.registry.putManifest(manifest, tags: [tag], in: from)
        let destination = RecordedEnd()
        let summary = try await transfer(source, destination).copyGraph(request())
        #expect((summary.blobs, summary.foreign) == (1, 1))
    }

    @Test("A cancelled copy ends, and its tag does not move")
    func cancelled() async throws {
        let chart = SampleChart("x", "1.0.0", archiveBytes: 2_000_000)
        let source = RecordedEnd()
        try await chart.push(to: source.registry, from, tags: [tag])
        let (began, gate) = (AsyncGate(), AsyncGate())
        let destination = RecordedEnd { call, _ throws(ContentError) in
            guard call == "place" else { return }
            began.open()
            await gate.opened()
        }
        let transfer = transfer(source, destination)
        let task = Task { await failure { () throws(TransferError) in _ = try await transfer.copyGraph(request()) } }
        await began.opened()
        task.cancel()
        gate.open()
        #expect(await task.value != nil)
        #expect(try destination.registry.holdings(of: to).tags.isEmpty)
    }

    @Test("What was made here is put with its blobs, the manifest last")
    func made() async throws {
        let chart = SampleChart("x", "1.0.0")
        let destination = RecordedEnd()
        let blobs = [
            MadeBlob(Descriptor(of: chart.config, .helmConfig), bytes: chart.config),
            MadeBlob(Descriptor(of: chart.archive, .helmChart), bytes: chart.archive),
        ]
        let summary = try await transfer(RecordedEnd(), destination)
            .put(chart.manifest, blobs: blobs, tags: [tag], in: to, isNew: true)
        #expect((summary.manifests, summary.blobs) == (1, 2))
        #expect(destination.calls.last == "put \(chart.manifest.digest) 1.0.0")
    }
}
