import Codecs
import Testing

@Suite struct PasswordHashTests {
    private static let xs80 = String(repeating: "x", count: 80)

    /// Written by `htpasswd -nbB -C 4` of apache2-utils 2.4.
    private static let htpasswd = [
        ("secret", "$2y$04$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5.O"),
        ("", "$2y$04$BKfcpZqrWd2Loyem9.YtPOTzdQmBysCZddE5AwIzTQFUErJcB1No6"),
        ("pässwörd🦭", "$2y$04$i3PVxFkoYYTYQe3Mk6OqA.sI5GUhUpcsrSQQd7WgQHhFF5gdCbAEa"),
        (String(xs80.prefix(72)), "$2y$04$F.ngh.b18/p4WaBk/EoP1eqP5FkL/8VWvRfbox7XPGXus8WWWf63G"),
        (xs80, "$2y$04$St5UdoJPTem/yJ7XyRoyIO//EHff/iqWwzc513zr6w6RB3pUeHOhO"),
        ("secret", "$2y$05$/1mmoMJCU6/Z6QHftOBqx.JwQlXAg04U1ULz/19jpKwPXmmVSzdqa"),
    ]

    /// Published test vectors of Openwall's crypt_blowfish 1.3.
    private static let published = [
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
        ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
        ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
        ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
        (
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
        ),
    ]

    @Test("A password matches its hash and no other does", arguments: htpasswd + published)
    func matches(password: String, hash: String) {
        #expect(PasswordHash.isBcrypt(hash))
        #expect(PasswordHash.verify(password, against: hash))
        #expect(!PasswordHash.verify("!" + password, against: hash))
        #expect(!PasswordHash.verify("!" + password.dropFirst(), against: hash))
    }

    @Test("The three names of the algorithm mean the same", arguments: ["$2a$", "$2b$", "$2y$"])
    func prefixes(prefix: String) {
        let (password, hash) = PasswordHashTests.htpasswd[0]
        #expect(PasswordHash.verify(password, against: prefix + hash.dropFirst(4)))
    }

    @Test("bcrypt reads 72 bytes of a password") func truncation() {
        let (_, hash) = PasswordHashTests.htpasswd[3]
        #expect(PasswordHash.verify(PasswordHashTests.xs80, against: hash))
        #expect(!PasswordHash.verify(String(PasswordHashTests.xs80.prefix(71)), against: hash))
    }

    @Test("A NUL in the password never matches, though bcrypt would stop there") func nul() {
        let (password, hash) = PasswordHashTests.htpasswd[0]
        #expect(!PasswordHash.verify(password + "\0", against: hash))
        #expect(!PasswordHash.verify(password + "\0more", against: hash))
        #expect(!PasswordHash.verify("\0", against: PasswordHashTests.htpasswd[1].1))
    }

    @Test("Each changed character of a hash makes it another", arguments: [4, 5, 7, 20, 30, 58])
    func changed(position: Int) {
        let (password, hash) = PasswordHashTests.htpasswd[0]
        var bytes = Array(hash.utf8)
        bytes[position] = bytes[position] == UInt8(ascii: "5") ? UInt8(ascii: "6") : UInt8(ascii: "5")
        // A cost of 54 or 05: the first is no hash, the second another one.
        #expect(!PasswordHash.verify(password, against: String(decoding: bytes, as: UTF8.self)))
    }

    @Test(
        "What is no bcrypt hash is refused without being tried",
        arguments: [
            "", "$2y$", "secret", "$apr1$salt$hash", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "$6$salt$hash",
            "$2x$04$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5.O",
            "$2y$03$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5.O",
            "$2y$18$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5.O",
            "$2y$31$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5.O",
            "$2y$+9$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5.O",
            "$2y$ 9$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5.O",
            "$2y$04$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5.",
            "$2y$04$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5.O0",
            "$2y$04$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5:O",
            "$2y$04$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5é",
            "$2y\u{301}$04$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk",
            "\0\0\0\0" + String(repeating: "x", count: 56), String(repeating: "é", count: 30),
        ])
    func notBcrypt(text: String) {
        #expect(!PasswordHash.isBcrypt(text))
        #expect(!PasswordHash.verify("secret", against: text))
        #expect(!PasswordHash.verify("", against: text))
    }

    @Test("Costs of 4 to 17 are taken", arguments: 4...17)
    func costs(cost: Int) {
        let digits = cost < 10 ? "0\(cost)" : "\(cost)"
        #expect(PasswordHash.isBcrypt("$2b$\(digits)$Ozlaj2NfJ8idNnb/KzUiFexeuD6IA.BbDtuSXMmLdpyL2ibIKk5.O"))
    }

    @Test("Bytes are compared whole") func compare() {
        #expect(PasswordHash.equalInConstantTime([], []))
        #expect(PasswordHash.equalInConstantTime([1, 2, 3], [1, 2, 3]))
        #expect(!PasswordHash.equalInConstantTime([1, 2, 3], [1, 2]))
        #expect(!PasswordHash.equalInConstantTime([], [0]))
        for position in 0..<64 {
            let left = [UInt8](repeating: 7, count: 64)
            var right = left
            right[position] ^= 0x80
            #expect(!PasswordHash.equalInConstantTime(left, right))
        }
    }

    @Test("Random bytes are as many as asked, and new each time") func random() {
        #expect(PasswordHash.randomBytes(0).isEmpty)
        #expect(PasswordHash.randomBytes(33).count == 33)
        #expect(Set((0..<100).map { _ in PasswordHash.randomBytes(16) }).count == 100)
    }
}
