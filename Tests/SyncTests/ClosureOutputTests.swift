import ChartInspection
import HelmModel
import OCIModel
import Sync
import TestSupport
import Testing

@Suite struct ClosureOutputTests {
    /// All images of a chart with these values, below `r.example/m/<host>`.
    private func placed(
        chart: String = "", values: String, files: [(path: String, text: String)] = [], isSecure: Bool = true
    ) throws -> [PlacedImage] {
        let archive = PackedChart("web", "1.0.0", chart: chart, files: files + [("values.yaml", values)]).archive
        var rest: [UInt8]? = archive
        return try ChartImages { rest.take() }.images.map { image in
            let host = NameTemplate.withHost.name(
                of: image.reference.repository.description, host: image.reference.host)
            return PlacedImage(
                image,
                to: .init(
                    host: "r.example:5000", repository: try RepositoryName(parsing: "m/\(host)"), isSecure: isSecure))
        }
    }

    @Test("The overlay sets the keys that the values have, and no others")
    func overlay() throws {
        let overlay = ValuesOverlay(
            try placed(
                values: """
                    global: {imageRegistry: ""}
                    image: {registry: quay.io, repository: o/web, tag: "1"}
                    "odd key: yes":
                      image: {repository: o/odd, tag: "2"}
                    sideImage: o/side:3
                    list: [{image: "o/listed:4"}]

                    """))
        #expect(
            overlay.text == """
                image:
                  registry: "r.example:5000"
                  repository: m/quay.io/o/web
                "odd key: yes":
                  image:
                    repository: "r.example:5000/m/docker.io/o/odd"
                sideImage: "r.example:5000/m/docker.io/o/side:3"

                """)
        #expect(overlay.untouched.map(\.reference) == ["docker.io/o/listed:4"])
        #expect(overlay.untouched.first?.places == ["web values.yaml:6 list.0.image"])
    }

    @Test("Subcharts stand below their alias, and the chart above decides over them")
    func subcharts() throws {
        let images = try placed(
            chart: "dependencies: [{name: db, version: 1.0.0, repository: \"\", alias: store}]\n",
            values: "store: {image: {repository: o/fork}}\n",
            files: [
                ("charts/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.0.0\n"),
                ("charts/db/values.yaml", "image: {repository: o/db, tag: \"1\"}\n"),
            ])
        #expect(
            ValuesOverlay(images).text == "store:\n  image:\n    repository: \"r.example:5000/m/docker.io/o/fork\"\n")
    }

    @Test("An overlay of nothing is an empty mapping") func empty() {
        #expect(ValuesOverlay([]).text == "{}\n")
    }

    @Test("containerd is told where each host's images lie")
    func hosts() throws {
        let hosts = ContainerdHosts(
            try placed(values: "aImage: nginx:1\nbImage: reg.example:8443/o/b:1\n", isSecure: false))
        #expect(
            hosts.files == [
                "docker.io/hosts.toml": """
                server = "https://registry-1.docker.io"

                [host."http://r.example:5000/v2/m/docker.io"]
                  capabilities = ["pull", "resolve"]
                  override_path = true

                """,
                "reg.example_8443_/hosts.toml": """
                server = "https://reg.example:8443"

                [host."http://r.example:5000/v2/m/reg.example_8443"]
                  capabilities = ["pull", "resolve"]
                  override_path = true

                """,
            ])
        #expect(hosts.unmapped.isEmpty)
    }

    @Test("A destination of another name is listed as what containerd cannot be told")
    func unmapped() throws {
        let image = try #require(try placed(values: "image: o/a:1\n").first?.image)
        let elsewhere = PlacedImage(image, to: .init(host: "r.example", repository: try RepositoryName(parsing: "o-a")))
        let hosts = ContainerdHosts([elsewhere])
        #expect(hosts.files.isEmpty && hosts.unmapped == [image.reference])
        let same = PlacedImage(image, to: .init(host: "r.example", repository: image.reference.repository))
        #expect(
            ContainerdHosts([same]).files["docker.io/hosts.toml"]?.contains("[host.\"https://r.example/v2\"]") == true)
    }

    @Test("The list names each image once with its destination")
    func list() throws {
        let images = try placed(values: "bImage: o/b:1\naImage: o/a:1\n")
        #expect(
            PlacedImage.list(images + images)
                == "docker.io/o/a:1\tr.example:5000/m/docker.io/o/a:1\ndocker.io/o/b:1\tr.example:5000/m/docker.io/o/b:1\n"
        )
    }
}
