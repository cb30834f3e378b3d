import Codecs
import TestSupport
import Testing

@Suite struct HasherTests {
    /// FIPS 180-4 examples, and a million letters "a".
    private static let vectors: [(String, Int, String, String)] = [
        (
            "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
        ),
        (
            "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c335"
                + "96fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445"
        ),
        (
            "a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
                + "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"
        ),
    ]

    @Test("The published vectors come out", arguments: vectors)
    func published(text: String, times: Int, sha256: String, sha512: String) {
        let bytes = Array(repeatElement(Array(text.utf8), count: times).joined())
        #expect(hex(ContentHasher.hash(bytes.span, .sha256)) == sha256)
        #expect(hex(ContentHasher.hash(bytes.span, .sha512)) == sha512)
    }

    @Test("However the bytes are cut, the hash is the same", arguments: Seeds.some())
    func pieces(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for function in [ContentHasher.Function.sha256, .sha512] {
            let hasher = ContentHasher(function)
            for _ in 0..<50 {
                let bytes = generator.bytes(Int.random(in: 0...2000, using: &generator))
                var rest = bytes[...]
                while !rest.isEmpty {
                    let piece = Array(rest.prefix(Int.random(in: 0...300, using: &generator)))
                    hasher.update(piece.span)
                    rest = rest.dropFirst(piece.count)
                }
                #expect(hasher.finish() == ContentHasher.hash(bytes.span, function))
                hasher.reset()
            }
        }
    }

    @Test("A hasher that began anew has forgotten all, finished or not") func reset() {
        let hasher = ContentHasher(.sha256)
        hasher.update([1, 2, 3].span)
        hasher.reset()
        #expect(hasher.finish() == ContentHasher.hash([UInt8]().span, .sha256))
    }

    @Test("Hashers do not disturb each other") func independent() {
        let (first, second) = (ContentHasher(.sha256), ContentHasher(.sha256))
        first.update([1].span)
        second.update([2].span)
        first.update([3].span)
        #expect(first.finish() == ContentHasher.hash([1, 3].span, .sha256))
        #expect(second.finish() == ContentHasher.hash([2].span, .sha256))
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
