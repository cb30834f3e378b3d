import ChartRepository
import Content
import HTTPClient
import Posix
import RemoteRegistry
import Testing

@Suite struct HelmRepositoriesTests {
    private static let text = """
        apiVersion: ""
        generated: "0001-01-01T00:00:00Z"
        repositories:
        - name: one
          url: https://charts.example.com/stable/
          username: reader
          password: hush
          caFile: /ca.pem
          certFile: /cert.pem
          keyFile: /key.pem
          insecure_skip_tls_verify: true
          pass_credentials_all: true
        - {name: two, url: "http://other.example.com", username: alone}
        - {name: three}
        - {name: four, url: "oci://registry.example.com"}
        """

    private func file(_ text: String) throws -> HelmRepositories {
        try HelmRepositories(parsing: Array(text.utf8), path: "/r.yaml")
    }

    @Test("Repositories are found by URL and name, with what Helm knows of them")
    func reading() throws {
        let file = try file(Self.text)
        #expect(file.entries.map(\.name) == ["one", "two", "four"])
        let one = try #require(file.entry(url: "https://charts.example.com/stable"))
        #expect(one.credential == .password(user: "reader", Secret("hush")))
        #expect(one.passesCredentialsToAll)
        #expect(one.tls.additionalAuthorities == "/ca.pem" && one.tls.certificate == "/cert.pem")
        #expect(one.tls.privateKey == "/key.pem" && one.tls.verification == .none)
        let source = try one.source()
        #expect(source.name == "https://charts.example.com/stable" && source.passesCredentialsToAll)
        let two = try #require(file.entry(named: "two"))
        #expect(two.credential == nil && !two.passesCredentialsToAll && two.tls.verification == .full)
        #expect(file.entry(url: "https://charts.example.com") == nil)
        #expect(throws: ContentError.self) { try file.entry(named: "four")?.source() }
    }

    @Test("An empty file has none", arguments: ["", "repositories:", "repositories: []", "apiVersion: v1"])
    func empty(text: String) throws {
        #expect(try file(text).entries.isEmpty)
    }

    @Test(
        "A malformed file is an error without its text",
        arguments: [
            "repositories: {a: b}", "- password: hush", "password: [hush", "password: hush\npassword: hush",
        ])
    func malformed(text: String) {
        #expect {
            try file(text)
        } throws: { error in
            let message = (error as? ContentError)?.message ?? ""
            return message.hasPrefix("/r.yaml is malformed") && !message.contains("hush")
        }
    }

    @Test(
        "The file is where Helm has it",
        arguments: [
            (["HELM_REPOSITORY_CONFIG": "/a.yaml", "HOME": "/h"], "/a.yaml"),
            (["HELM_CONFIG_HOME": "/c", "HOME": "/h"], "/c/repositories.yaml"),
            (["XDG_CONFIG_HOME": "/x", "HOME": "/h"], "/x/helm/repositories.yaml"),
            (["HOME": "/h", "HELM_REPOSITORY_CONFIG": ""], "/h/.config/helm/repositories.yaml"),
        ] as [([String: String], String)])
    func place(environment: [String: String], path: String) throws {
        let file = try HelmRepositories(environment: environment) { asked, _ throws(SystemError) in
            asked == path ? Array(Self.text.utf8) : []
        }
        #expect(file.entries.count == 3)
    }

    @Test("No file, no repositories; one that cannot be read is an error")
    func missing() throws {
        #expect(try HelmRepositories(environment: [:]).entries.isEmpty)
        #expect(try HelmRepositories(environment: ["HELM_REPOSITORY_CONFIG": "/nowhere/at/all"]).entries.isEmpty)
        #expect(throws: ContentError.self) { try HelmRepositories(environment: ["HELM_REPOSITORY_CONFIG": "/"]) }
    }
}
