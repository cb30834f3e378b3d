import HTTPMessage
import Testing

@Suite struct AuthenticationTests {
    @Test("A registry's Bearer challenge gives realm, service and scope")
    func bearer() throws {
        let value =
            #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#
        let challenges = AuthenticationChallenge.parse(value)
        let challenge = try #require(challenges.first)
        #expect(challenges.count == 1)
        #expect(challenge.isScheme("bearer"))
        #expect(challenge.parameter("Realm") == "https://auth.docker.io/token")
        #expect(challenge.parameter("service") == "registry.docker.io")
        #expect(challenge.parameter("scope") == "repository:a/b:pull,push")
        #expect(challenge.parameter("error") == nil)
        #expect(challenge.fieldValue == value)
    }

    @Test("Several challenges in one value are told apart")
    func several() {
        let value = #"Negotiate YWJj==, Basic realm="a \"q\" b" , charset=UTF-8,Bearer realm=x,,NTLM"#
        let challenges = AuthenticationChallenge.parse(value)
        #expect(challenges.map(\.scheme) == ["Negotiate", "Basic", "Bearer", "NTLM"])
        #expect(challenges.map(\.parameters.count) == [0, 2, 1, 0])
        #expect(challenges[1].parameter("realm") == #"a "q" b"#)
        #expect(challenges[1].parameter("charset") == "UTF-8")
    }

    @Test(
        "What follows a malformed challenge is dropped",
        arguments: [
            ("", 0), ("=", 0), ("\"", 0), ("Basic realm=\"never ends", 1), ("Basic realm=\"a\"b", 1), ("Basic\0x", 0),
            (",,,", 0), ("Basic realm=;, Bearer", 1),
        ])
    func malformed(value: String, count: Int) {
        #expect(AuthenticationChallenge.parse(value).count == count)
    }

    @Test("A challenge is read no further than its limit")
    func bounded() {
        let many = AuthenticationChallenge.parse(String(repeating: "A, ", count: 5000))
        #expect(many.count == AuthenticationChallenge.maximumCount)
        let wide = AuthenticationChallenge.parse("A " + String(repeating: "b=c, ", count: 5000))
        #expect(wide.first?.parameters.count == AuthenticationChallenge.maximumCount)
    }

    @Test("Writing a challenge keeps quotes inside and drops line breaks")
    func injection() {
        let challenge = AuthenticationChallenge.basic(realm: "a\"b\\c\r\nX: y")
        #expect(challenge.fieldValue == #"Basic realm="a\"b\\cX: y",charset="UTF-8""#)
        #expect(AuthenticationChallenge.parse(challenge.fieldValue).first?.parameter("realm") == "a\"b\\cX: y")
        let bearer = AuthenticationChallenge.bearer(realm: "r", service: "s")
        #expect(bearer.fieldValue == #"Bearer realm="r",service="s""#)
    }

    @Test("Basic credentials are written as they are read")
    func basic() throws {
        let value = try #require(BasicCredentials(user: "Aladdin", password: "open:sesame"))
        #expect(value.fieldValue == "Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ==")
        #expect(BasicCredentials(parsing: "bASIC  QWxhZGRpbjpvcGVuOnNlc2FtZQ== ") == value)
        #expect(BasicCredentials(user: "a:b", password: "c") == nil)
        #expect(BasicCredentials(parsing: "Basic Og==") == BasicCredentials(user: "", password: ""))
    }

    @Test(
        "Malformed credentials are none",
        arguments: [
            "", "Basic", "Basic ", "Bearer QWxhZGRpbjpvcGVu", "Basic QWxhZGRpbjpvcGVu=", "Basic QWxhZA==", "Basic ////",
            "Basic Og== x", "BasicOg==", "Basic O===",
        ])
    func badBasic(value: String) {
        #expect(BasicCredentials(parsing: value) == nil)
    }

    @Test("Base 64 of every length comes back, and set left-over bits do not")
    func base64() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            let text = Base64.encode(bytes)
            #expect(text.utf8.count == (count + 2) / 3 * 4)
            #expect(Base64.decode(text) == bytes)
        }
        #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==")
        #expect(Base64.decode("Zm9vYh==") == nil)
        #expect(Base64.decode("Zm9v=mFy") == nil)
        #expect(Base64.decode("Zm9v\n") == nil)
    }
}
