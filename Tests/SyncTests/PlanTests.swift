import Content
import OCIModel
import Sync
import TestSupport
import Testing

@Suite struct PlanTests {
    private let day: Int64 = 86_400_000_000
    private let now: Int64 = 1_700_000_000_000_000
    private let here = Digest(of: Array("here".utf8))
    private let there = Digest(of: Array("there".utf8))
    private let registry = MirrorPlace.registry(authority: "from.test", isSecure: true, path: "team")
    private let store = MirrorPlace.store(path: "mirror")

    private func rule(_ change: (inout MirrorRule) -> Void = { _ in }) -> MirrorRule {
        var rule = MirrorRule(name: "m", from: registry, to: store)
        change(&rule)
        return rule
    }

    private func reference(
        _ tag: String, _ digest: Digest?, _ fact: DestinationFact, from: MirrorPlace? = nil,
        _ change: (inout SelectedReference) -> Void = { _ in }
    ) throws -> SelectedReference {
        var reference = SelectedReference(
            from: from ?? registry, source: "team/nginx",
            version: ListedVersion(text: tag, tag: try Tag(parsing: tag), digest: digest), to: store,
            repository: try RepositoryName(parsing: "mirror/nginx"))
        reference.destination = fact
        change(&reference)
        return reference
    }

    private func memory(
        _ tag: String, source: Digest?, put: Digest?, markedAt: Int64? = nil
    ) throws -> MirroredReference {
        MirroredReference(
            repository: try RepositoryName(parsing: "mirror/nginx"), tag: try Tag(parsing: tag), sourceDigest: source,
            digest: put, seenAt: now, markedAt: markedAt)
    }

    private func facts(_ references: [SelectedReference], _ remembered: [MirroredReference] = []) -> MirrorFacts {
        var facts = MirrorFacts()
        facts.references = references
        facts.remembered = [.store(path: ""): remembered]
        return facts
    }

    private func action(
        _ reference: SelectedReference, _ memory: MirroredReference? = nil
    ) -> PlannedAction? {
        MirrorPlan(rule(), facts([reference], memory.map { [$0] } ?? []), now: now).items.first?.action
    }

    @Test("What is not there is copied, what is the same is left, what moved is copied again") func basics() throws {
        #expect(action(try reference("1.0.0", here, .noRepository)) == .copy)
        #expect(action(try reference("1.0.0", nil, .absent)) == .copy)
        #expect(action(try reference("1.0.0", here, .present(here, archive: nil))) == .leave)
        #expect(action(try reference("1.0.0", there, .present(here, archive: nil))) == .copy)
        #expect(action(try reference("1.0.0", here, .elsewhere)) == .retag)
    }

    @Test("A tag nobody asked about is trusted to be what was put there") func trusts() throws {
        let known = try memory("1.0.0", source: here, put: here)
        #expect(action(try reference("1.0.0", here, .present(nil, archive: nil)), known) == .leave)
        #expect(action(try reference("1.0.0", there, .present(nil, archive: nil)), known) == .copy)
        #expect(action(try reference("1.0.0", nil, .present(nil, archive: nil)), known) == .leave)
    }

    @Test("A tag that somebody moved at the destination is put right") func movedUnderUs() throws {
        let known = try memory("1.0.0", source: here, put: here)
        #expect(action(try reference("1.0.0", here, .present(there, archive: nil)), known) == .copy)
    }

    @Test("A chart made of an archive is compared by its archive, or by what is remembered") func classic() throws {
        let charts = MirrorPlace.charts(url: "https://charts.test")
        let made = Digest(of: Array("manifest".utf8))
        #expect(action(try reference("1.0.0", here, .present(made, archive: here), from: charts)) == .leave)
        #expect(action(try reference("1.0.0", here, .present(made, archive: there), from: charts)) == .copy)
        let known = try memory("1.0.0", source: here, put: made)
        #expect(action(try reference("1.0.0", here, .present(made, archive: nil), from: charts), known) == .leave)
        #expect(action(try reference("1.0.0", there, .present(made, archive: nil), from: charts), known) == .copy)
        #expect(action(try reference("1.0.0", here, .present(there, archive: nil), from: charts), known) == .copy)
    }

    @Test("An immutable tag that moved is reported and not followed") func immutable() throws {
        let moved = try reference("1.0.0", there, .present(here, archive: nil)) { $0.isImmutable = true }
        #expect(action(moved) == .conflict)
        let unasked = try reference("1.0.0", nil, .present(nil, archive: nil)) { $0.isImmutable = true }
        #expect(action(unasked) == .leave)
        let gone = try reference("1.0.0", here, .absent) { $0.isImmutable = true }
        #expect(action(gone) == .copy)
    }

    @Test("A pin that the source does not have any more is reported") func pin() throws {
        let moved = try reference("1.0.0", there, .absent) { $0.expected = here }
        #expect(action(moved) == .conflict)
        #expect(action(try reference("1.0.0", here, .absent) { $0.expected = here }) == .copy)
    }

    @Test("Two mirrors that put different things under one tag are reported, unless the source has moved")
    func twoMirrors() throws {
        let contested = try reference("1.0.0", here, .present(there, archive: nil)) { $0.otherMirrors = ["other"] }
        #expect(action(contested, try memory("1.0.0", source: here, put: here)) == .conflict)
        let moved = try reference("1.0.0", here, .present(there, archive: nil)) { $0.otherMirrors = ["other"] }
        #expect(action(moved, try memory("1.0.0", source: there, put: there)) == .copy)
    }

    @Test("Two sources for one tag at the destination are a problem, and the first wins") func clash() throws {
        var second = try reference("1.0.0", there, .absent)
        second.source = "team/other/nginx"
        let plan = MirrorPlan(rule(), facts([try reference("1.0.0", here, .absent), second]), now: now)
        #expect(plan.items.count == 1)
        #expect(plan.problems.map(\.side) == [.destination])
        #expect(plan.hasDrift)
    }

    @Test("A plan without anything to do has no drift") func noDrift() throws {
        let plan = MirrorPlan(rule(), facts([try reference("1.0.0", here, .present(here, archive: nil))]), now: now)
        #expect(!plan.hasDrift)
    }

    // MARK: Removal

    private func pruning(_ maximumCount: Int = 100, percent: Int = 100) -> MirrorRule {
        rule {
            var prune = PruneRule()
            prune.maximumCount = maximumCount
            prune.maximumPercent = percent
            $0.prune = prune
        }
    }

    @Test("Without prune nothing that is not selected any more is touched") func offByDefault() throws {
        let plan = MirrorPlan(rule(), facts([], [try memory("1.0.0", source: here, put: here)]), now: now)
        #expect(plan.items.isEmpty)
    }

    @Test("What is not selected any more is marked, waits for the grace period, and goes") func phases() throws {
        let marks: [(Int64?, PlannedAction)] = [(nil, .mark), (now - 6 * day, .wait), (now - 8 * day, .prune)]
        for (markedAt, expected) in marks {
            let old = try memory("1.0.0", source: here, put: here, markedAt: markedAt)
            let plan = MirrorPlan(pruning(), facts([], [old]), now: now)
            #expect(plan.items.map(\.action) == [expected])
        }
    }

    @Test("What is selected again is left and its mark goes") func selectedAgain() throws {
        let old = try memory("1.0.0", source: here, put: here, markedAt: now - 8 * day)
        let plan = MirrorPlan(
            pruning(), facts([try reference("1.0.0", here, .present(here, archive: nil))], [old]), now: now)
        #expect(plan.items.map(\.action) == [.leave])
        #expect(plan.items.first?.isNews == true)
    }

    @Test("One run removes only so many, the oldest marks first") func count() throws {
        let old = try (1...5).map {
            try memory("1.0.\($0)", source: here, put: here, markedAt: now - (8 + Int64($0)) * day)
        }
        let plan = MirrorPlan(pruning(2), facts([], old), now: now)
        #expect(plan.items.filter { $0.action == .prune }.map(\.tag.description) == ["1.0.4", "1.0.5"])
        #expect(plan.count(of: .wait) == 3)
    }

    @Test("When too much of all would go at once, nothing goes and it is reported") func percent() throws {
        let old = try (1...5).map { try memory("1.0.\($0)", source: here, put: here, markedAt: now - 8 * day) }
        let plan = MirrorPlan(pruning(percent: 50), facts([], old), now: now)
        #expect(plan.count(of: .prune) == 0)
        #expect(plan.problems.count == 1)
    }

    @Test("When a listing could not be had, nothing is marked or removed") func incomplete() throws {
        var facts = facts([], [try memory("1.0.0", source: here, put: here, markedAt: now - 8 * day)])
        facts.isComplete = false
        let plan = MirrorPlan(pruning(), facts, now: now)
        #expect(plan.items.isEmpty)
        #expect(plan.notes.count == 1)
    }

    @Test("Two plans of the same facts are equal, whatever the order of the facts", arguments: Seeds.some())
    func deterministic(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let references = try (0..<50).map { number in
            try reference("1.\(number).0", Bool.random(using: &random) ? here : nil, .absent)
        }
        let first = MirrorPlan(rule(), facts(references), now: now)
        let second = MirrorPlan(rule(), facts(references.shuffled(using: &random)), now: now)
        #expect(first == second)
    }
}
