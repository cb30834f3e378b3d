import HelmModel
import TestSupport
import Testing

@Suite struct OrderKeyTests {
    private func key(_ text: String) throws -> [UInt8] { try SemanticVersion(parsing: text).orderKey }

    @Test("Keys are in the order of the versions, and equal for equal versions only", arguments: Seeds.some())
    func order(seed: UInt64) throws {
        var random = RandomVersions(seed: seed)
        for _ in 0..<2_000 {
            let left = try random.next()
            let right = try random.neighbour(of: left)
            let (leftKey, rightKey) = (left.orderKey, right.orderKey)
            #expect(leftKey.lexicographicallyPrecedes(rightKey) == (left < right), "\(left) \(right)")
            #expect(rightKey.lexicographicallyPrecedes(leftKey) == (right < left), "\(left) \(right)")
            #expect((leftKey == rightKey) == (left == right), "\(left) \(right)")
        }
    }

    @Test(
        "A pair is ordered by its keys",
        arguments: [
            ("1.0.0-a", "1.0.0"), ("1.0.0-a", "1.0.0-a.0"), ("1.0.0-a", "1.0.0-a0"), ("1.0.0-9", "1.0.0-10"),
            ("1.0.0-99999999999999999999", "1.0.0-a"), ("1.0.0-a.b", "1.0.0-aa"), ("1.0.0-a+z", "1.0.0-a.a"),
            ("1.0.0-a+z", "1.0.0-a1"), ("1.0.0", "1.0.0+0"), ("1.0.0+a", "1.0.0+a.b"), ("1.0.0+zzz", "1.0.1-0"),
            ("255.0.0", "256.0.0"), ("0.0.18446744073709551615", "0.1.0-0"),
        ])
    func pairs(smaller: String, greater: String) throws {
        #expect(try key(smaller).lexicographicallyPrecedes(key(greater)))
    }

    @Test("The layout is what it was, because it is stored")
    func layout() throws {
        let numbers: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 3]
        #expect(try key("1.258.3") == numbers + [0xFF])
        #expect(try key("1.258.3+up1") == numbers + [0xFF] + Array("up1".utf8))
        #expect(
            try key("1.258.3-rc.10+b") == numbers + [2, 0x72, 0x63, 0, 1, 0, 0, 0, 2, 0x31, 0x30, 0] + Array("b".utf8))
    }

    @Test("A key gives its version back", arguments: Seeds.some())
    func back(seed: UInt64) throws {
        var random = RandomVersions(seed: seed)
        for _ in 0..<1_000 {
            let version = try random.next()
            #expect(SemanticVersion(orderKey: version.orderKey) == version)
        }
    }

    @Test("Texts that SemVer holds for equal have an order of their own")
    func listingOrder() throws {
        let texts = ["1.0.0-rc.1", "1", "1.0", "1.0.0", "v1", "v1.0.0", "1.0.0+a", "1.0.0+a.b", "1.0.1"]
        let keys = try texts.map { try #require(SemanticVersion.listingOrder(ofVersion: $0)) }
        for (left, right) in zip(keys, keys.dropFirst()) { #expect(left.lexicographicallyPrecedes(right)) }
        // Turned around they sort the other way: none is the beginning of another.
        let turned = keys.map { key in key.map { ~$0 } }
        for (left, right) in zip(turned, turned.dropFirst()) { #expect(right.lexicographicallyPrecedes(left)) }
        #expect(SemanticVersion.listingOrder(ofVersion: "one") == nil)
    }

    @Test("Nothing else is taken for a key", arguments: Seeds.some())
    func damaged(seed: UInt64) throws {
        var random = RandomVersions(seed: seed)
        for _ in 0..<2_000 {
            var key = try random.next().orderKey
            let place = Int.random(in: 0..<key.count, using: &random.generator)
            switch Int.random(in: 0..<3, using: &random.generator) {
            case 0: key[place] = random.pick([0, 1, 2, 0x2E, 0x30, 0x61, 0xFF])
            case 1: key.removeLast(key.count - place)
            default: key.insert(random.pick([0, 1, 2, 0x2E, 0x30, 0x61, 0xFF]), at: place)
            }
            guard let version = SemanticVersion(orderKey: key) else { continue }
            #expect(version.orderKey == key)
            #expect(try SemanticVersion(parsing: version.description) == version)
        }
        #expect(SemanticVersion(orderKey: []) == nil)
    }
}
