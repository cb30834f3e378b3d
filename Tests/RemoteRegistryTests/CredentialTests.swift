import Content
import OCIModel
import Posix
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct CredentialTests {
    private func file(_ text: String) throws -> CredentialFile { try CredentialFile(parsing: Array(text.utf8)) }

    private func found(_ text: String, _ authority: String, _ repository: String? = nil) throws -> Credential? {
        try file(text).credential(for: CredentialFile.keys(authority, repository: repository))
    }

    @Test("An entry holds a pair in base 64, a pair in clear, an identity token or an access token")
    func entries() throws {
        let text = """
            {"auths":{"a":{"auth":"YW5uOnA6dw=="},"b":{"username":"bob","password":"x"},"c":{"auth":"YW5uOg==",
            "identitytoken":"id"},"d":{"registrytoken":"acc"},"e":{},"f":{"auth":"!!"},"g":{"auth":"bm9jb2xvbg=="},
            "h":{"auth":"PHRva2VuPjppZA=="},"i":7,"j":{"auth":"YW5uOnB3AAA="}}}
            """
        #expect(try found(text, "a") == .password(user: "ann", Secret("p:w")))
        #expect(try found(text, "b") == .password(user: "bob", Secret("x")))
        #expect(try found(text, "c") == .identityToken(Secret("id")))
        #expect(try found(text, "d") == .accessToken(Secret("acc")))
        #expect(try found(text, "h") == .identityToken(Secret("id")))
        #expect(try found(text, "j") == .password(user: "ann", Secret("pw")))
        for none in ["e", "f", "g", "i", "missing"] { #expect(try found(text, none) == nil) }
    }

    @Test("Keys may be URLs; Docker Hub goes by its old name")
    func keys() throws {
        let text = #"{"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"},"http://h:5000/v2/":{"auth":"Yzpk"}}}"#
        #expect(try found(text, "registry-1.docker.io") == .password(user: "a", Secret("b")))
        #expect(try found(text, "h:5000") == .password(user: "c", Secret("d")))
        #expect(try found(text, "h") == nil)
    }

    @Test("The longest path that fits wins")
    func paths() throws {
        let text = #"{"auths":{"h":{"auth":"YTox"},"h/team":{"auth":"YToy"},"h/team/app":{"auth":"YToz"}}}"#
        for (repository, secret) in [
            ("team/app", "3"), ("team/app/x", "3"), ("team/application", "2"), ("team", "2"), ("teams", "1"),
        ] {
            #expect(try found(text, "h", repository) == .password(user: "a", Secret(secret)))
        }
        #expect(try found(text, "h") == .password(user: "a", Secret("1")))
    }

    @Test(
        "What is no JSON object is malformed, and the message holds nothing of it",
        arguments: ["", "[]", "secret", #"{"auths":"#])
    func malformed(text: String) async {
        let store = CredentialStore(environment: ["DOCKER_CONFIG": "/d"]) { path, _ throws(SystemError) in
            guard path == "/d/config.json" else { throw SystemError(code: 2, call: "open", object: path) }
            return Array(text.utf8)
        }
        let error = await failure { _ = try await store.credential(for: "h", repository: nil) }
        guard case .parameterInvalid(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("/d/config.json"))
        #expect(!message.contains("secret"))
    }

    @Test("Files are asked in order: Helm, Docker, containers")
    func order() async throws {
        let environment = ["HOME": "/home/u", "XDG_RUNTIME_DIR": "/run/u"]
        let plain = CredentialStore(environment: environment)
        #expect(
            plain.paths == [
                "/home/u/.config/helm/registry/config.json", "/home/u/.docker/config.json",
                "/run/u/containers/auth.json",
                "/home/u/.config/containers/auth.json",
            ])
        let set = CredentialStore(environment: [
            "HOME": "/home/u", "HELM_CONFIG_HOME": "/helm", "DOCKER_CONFIG": "/docker", "REGISTRY_AUTH_FILE": "/auth",
        ])
        #expect(set.paths == ["/helm/registry/config.json", "/docker/config.json", "/auth"])
        let same = CredentialStore(environment: ["HELM_REGISTRY_CONFIG": "/x/config.json", "DOCKER_CONFIG": "/x"])
        #expect(same.paths == ["/x/config.json"])
        #expect(CredentialStore(environment: [:]).paths.isEmpty)
        let store = CredentialStore(environment: environment) { path, _ throws(SystemError) in
            switch path {
            case "/home/u/.docker/config.json": Array(#"{"auths":{"h":{"auth":"ZDpk"},"i":{"auth":"ZDpk"}}}"#.utf8)
            case "/home/u/.config/helm/registry/config.json": Array(#"{"auths":{"h":{"auth":"aDpo"}}}"#.utf8)
            default: throw SystemError(code: 2, call: "open", object: path)
            }
        }
        #expect(try await store.credential(for: "h", repository: "x") == .password(user: "h", Secret("h")))
        #expect(try await store.credential(for: "i", repository: "x") == .password(user: "d", Secret("d")))
        #expect(try await store.credential(for: "j", repository: "x") == nil)
    }

    @Test("Real files are read")
    func files() async throws {
        let scratch = try ScratchDirectory()
        try scratch.write("config.json", #"{"auths":{"h":{"auth":"YTpi"}}}"#)
        let store = CredentialStore(environment: ["DOCKER_CONFIG": scratch.path])
        #expect(try await store.credential(for: "h", repository: nil) == .password(user: "a", Secret("b")))
    }

    /// Runs with a helper of that script; `$PATH` cannot be changed in a test, so the suffix leads to a file by its path.
    private func answer(_ script: String) async throws -> CredentialHelper.Answer {
        let scratch = try ScratchDirectory()
        let program = try scratch.write("docker-credential-test", "#!/bin/sh\n" + script, mode: 0o700)
        let helper = CredentialHelper(suffix: "test", runner: ProcessRunner(deadline: .seconds(5)), program: program)
        return await helper.credential(for: "h:5000")
    }

    @Test("A helper is asked for the server and answers with a user and a secret")
    func helper() async throws {
        let echo = #"read server; echo "{\"ServerURL\":\"$server\",\"Username\":\"$1-$server\",\"Secret\":\"s\"}""#
        #expect(try await answer(echo) == .found(.password(user: "get-h:5000", Secret("s"))))
        #expect(
            try await answer(#"echo '{"Username":"<token>","Secret":"id"}'"#) == .found(.identityToken(Secret("id"))))
    }

    @Test("A helper that knows nothing is no failure, whichever way it says so")
    func helperKnowsNothing() async throws {
        #expect(try await answer("echo credentials not found in native keychain; exit 1") == .none)
        #expect(try await answer("echo credentials not found in native keychain >&2; exit 1") == .none)
        #expect(try await answer(#"echo '{"Username":"","Secret":""}'"#) == .none)
    }

    @Test(
        "A helper that fails says so without its output",
        arguments: ["echo s3cret; exit 3", "echo s3cret", "echo '{\"Secret\":\"s3cret\"}'"])
    func helperFails(script: String) async throws {
        guard case .failed(let reason) = try await answer(script) else {
            Issue.record("taken")
            return
        }
        #expect(!reason.contains("s3cret"))
    }

    @Test(
        "A missing helper, or one with a path for a name, is passed over",
        arguments: ["no-such-helper", "../evil", "", "a b"])
    func missingHelper(suffix: String) async throws {
        let store = CredentialStore(environment: ["DOCKER_CONFIG": "/d"]) { path, _ throws(SystemError) in
            Array(#"{"credsStore":"\#(suffix)","auths":{"h":{"auth":"YTpi"}}}"#.utf8)
        }
        #expect(try await store.credential(for: "h", repository: nil) == .password(user: "a", Secret("b")))
    }

    @Test("A helper for the host comes before the helper for all")
    func helperOrder() throws {
        let file = try file(#"{"credsStore":"all","credHelpers":{"h":"one","https://index.docker.io/v1/":"hub"}}"#)
        #expect(file.helper(for: CredentialFile.keys("h", repository: "x/y")) == "one")
        #expect(file.helper(for: CredentialFile.keys("i", repository: "x/y")) == "all")
        #expect(file.helper(for: CredentialFile.keys("docker.io", repository: nil)) == "hub")
        #expect(CredentialFile.serverURL("registry-1.docker.io") == "https://index.docker.io/v1/")
    }
}
