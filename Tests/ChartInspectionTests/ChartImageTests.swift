import ChartArchive
import ChartInspection
import OCIModel
import TestSupport
import Testing

@Suite struct ChartImageTests {
    private func find(
        chart: String = "", _ files: [(path: String, text: String)], packed: [(path: String, bytes: [UInt8])] = []
    ) throws -> ChartImages {
        var tar = TarBuilder()
        tar.add("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n" + chart)
        for (path, text) in files { tar.add("web/\(path)", text) }
        for (path, bytes) in packed { tar.add("web/\(path)", bytes) }
        var rest: [UInt8]? = tar.gzipped
        return try ChartImages { rest.take() }
    }

    /// `reference confidence place`, one line each.
    private func lines(_ images: ChartImages) -> [String] {
        images.images.flatMap { image in
            image.sources.map { "\(image.reference) \($0.confidence) \($0.chart) \($0.place)" }
        }
    }

    @Test("Annotations list images for sure, in all three forms")
    func annotations() throws {
        let images = try find(
            chart: """
                annotations:
                  artifacthub.io/images: |
                    - {name: a, image: "quay.io/o/a:1", whitelisted: true, platforms: [linux/amd64]}
                  images: |
                    - {name: b, image: "docker.io/bitnami/b:2"}
                    - {name: nothing}
                  helm.sh/images: |
                    - c
                    - {name: d, image: "d:4"}

                """, [])
        #expect(
            lines(images) == [
                "docker.io/bitnami/b:2 high web annotation images",
                "docker.io/library/c:latest high web annotation helm.sh/images",
                "docker.io/library/d:4 high web annotation helm.sh/images",
                "quay.io/o/a:1 high web annotation artifacthub.io/images",
            ])
        #expect(images.leftOut == 1 && images.problems.isEmpty)
    }

    @Test("An annotation that is no list is a problem, and the others are read")
    func badAnnotation() throws {
        let images = try find(chart: "annotations: {images: \"a: [\", helm.sh/images: \"[b:1]\"}\n", [])
        #expect(lines(images) == ["docker.io/library/b:1 high web annotation helm.sh/images"])
        #expect(images.problems.count == 1 && images.problems[0].hasPrefix("web: annotation images, line "))
    }

    @Test("Images.lock lists images with the digests of their platforms")
    func lock() throws {
        let hash = String(repeating: "a", count: 64)
        let images = try find([
            (
                "Images.lock",
                """
                apiVersion: v0
                kind: ImagesLock
                metadata: {generatedAt: "2024-01-01"}
                images:
                - name: web
                  image: docker.io/bitnami/web:1.0
                  chart: web
                  digests:
                  - {digest: "sha256:\(hash)", arch: linux/amd64}
                  - {digest: nonsense, arch: linux/arm64}

                """
            )
        ])
        #expect(lines(images) == ["docker.io/bitnami/web:1.0 high web Images.lock"])
        #expect(images.images.first?.digests.map(\.platform) == ["linux/amd64"])
        #expect(try find([("Images.lock", "kind: Other\n")]).problems.count == 1)
    }

    @Test("Values name images in their usual shapes, with the line and the key")
    func values() throws {
        let images = try find(
            chart: "appVersion: \"9.9\"\n",
            [
                (
                    "values.yaml",
                    """
                    image:
                      registry: quay.io
                      repository: o/web
                      tag: 1.10
                    sidecarImage: ghcr.io/o/side:2
                    empty:
                      image: {repository: o/empty, tag: ""}
                    pinned:
                      image: {repository: o/pinned, digest: "sha256:\(String(repeating: "b", count: 64))"}
                    off:
                      enabled: false
                      inner: {image: {repository: o/off, tag: v1}}
                    kubectl: {repository: o/kubectl, tag: v2}
                    list:
                    - image: o/listed:1
                    code: {repository: "https://git.example/x", tag: v1}
                    untagged: {image: o/untagged}
                    pullPolicy: {image: "{{ .Values.x }}"}

                    """
                )
            ])
        #expect(
            lines(images) == [
                "docker.io/o/empty:9.9 medium web values.yaml:7 empty.image",
                "docker.io/o/kubectl:v2 low web values.yaml:13 kubectl",
                "docker.io/o/listed:1 medium web values.yaml:15 list.0.image",
                "docker.io/o/off:v1 low web values.yaml:12 off.inner.image",
                "docker.io/o/pinned@sha256:\(String(repeating: "b", count: 64)) medium web values.yaml:9 pinned.image",
                "ghcr.io/o/side:2 medium web values.yaml:5 sidecarImage",
                // What a template prints of the number 1.10.
                "quay.io/o/web:1.1 medium web values.yaml:3 image",
            ])
        #expect(images.images[0].sources[0].note?.contains("appVersion") == true)
        #expect(images.images[2].sources[0].key == nil)
        #expect(images.images[6].sources[0].key == .init(path: ["image"], form: .parts(hasRegistry: true)))
        #expect(images.leftOut == 2)
    }

    @Test("The global registry stands in where a mapping has none and its repository names no host")
    func globalRegistry() throws {
        let images = try find([
            (
                "values.yaml",
                """
                global: {imageRegistry: reg.example/}
                a: {image: {repository: o/a, tag: v1}}
                b: {image: {registry: "", repository: quay.io/o/b, tag: v1}}
                c: {image: {registry: ghcr.io, repository: o/c, tag: v1}}

                """
            )
        ])
        #expect(
            images.images.map(\.reference.description) == ["ghcr.io/o/c:v1", "quay.io/o/b:v1", "reg.example/o/a:v1"])
    }

    @Test("No tag and no appVersion is left out and counted")
    func noTag() throws {
        let images = try find([("values.yaml", "image: {repository: o/a, tag: \"\"}\n")])
        #expect(images.images.isEmpty && images.leftOut == 1)
    }

    @Test("Templates count where the reference is written out")
    func templates() throws {
        let images = try find(
            chart: "appVersion: v3\n",
            [
                (
                    "templates/pod.yaml",
                    """
                      - image: busybox:1.36 # a tool
                        image: "quay.io/o/a:1"
                        image: "o/b:{{ .Chart.AppVersion }}"
                        image: {{ .Values.image }}:1
                        image: "{{ .Values.r }}/c:{{ .Chart.AppVersion }}"
                        image: untagged
                    # image: commented:1
                    image:
                    image: |
                    """
                ), ("templates/NOTES.txt", "image: notes:1\n"),
            ])
        #expect(
            lines(images) == [
                "docker.io/library/busybox:1.36 low web templates/pod.yaml:1",
                "docker.io/o/b:v3 low web templates/pod.yaml:3", "quay.io/o/a:1 low web templates/pod.yaml:2",
            ])
        #expect(images.leftOut == 1)
    }

    @Test("What is found twice is listed once, as sure as its surest place")
    func merged() throws {
        let images = try find(
            chart: "annotations: {images: \"[{image: 'docker.io/library/a:1'}]\"}\n",
            [("values.yaml", "image: a:1\n"), ("templates/a.yaml", "image: a:1\n")])
        #expect(images.images.count == 1 && images.images.first?.confidence == .high)
        #expect(
            images.images.first?.sources.map(\.place) == [
                "annotation images", "values.yaml:1 image", "templates/a.yaml:1",
            ])
    }

    @Test("Subcharts are read with what the chart above says of their values, once for each alias")
    func subcharts() throws {
        let db = PackedChart(
            "db", "1.0.0", chart: "appVersion: \"5\"\n",
            files: [("values.yaml", "image: {registry: quay.io, repository: o/db, tag: \"\"}\nx: {image: \"o/x:1\"}\n")]
        )
        let images = try find(
            chart: """
                dependencies:
                - {name: db, version: 1.0.0, repository: ""}
                - {name: db, version: 1.0.0, repository: "", alias: second, condition: "second.on"}

                """,
            [("values.yaml", "db: {image: {tag: \"7\"}}\nsecond: {on: false, image: {repository: o/fork}}\n")],
            packed: [("charts/db-1.0.0.tgz", db.archive)])
        let found = images.images.map { "\($0.reference) \($0.confidence)" }
        #expect(found == ["docker.io/o/x:1 medium", "quay.io/o/db:7 medium", "quay.io/o/fork:5 medium"])
        let keys = images.images.flatMap(\.sources).compactMap { $0.key?.path.joined(separator: ".") }
        #expect(keys == ["db.x.image", "second.x.image", "db.image", "db.image", "second.image", "second.image"])
        let off = images.images.flatMap(\.sources).filter { $0.key?.path.first == "second" && $0.chart != "web" }
        #expect(!off.isEmpty && off.allSatisfy { $0.confidence == .low && $0.chart == "web/charts/db" })
    }

    @Test("Arbitrary bytes and hostile YAML never trap", arguments: Seeds.some())
    func hostile(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let words = [
            "image", ":", " ", "\n", "- ", "repository", "tag", "&a", "*a", "<<", "{", "}", "[", "]", "\"", "a/b:1",
            "registry", "enabled: false", "{{", "}}", ".Chart.AppVersion", "global", "é", "\u{301}", "\u{0}", "#", "|",
        ]
        for _ in 0..<60 {
            var texts: [String] = []
            for _ in 0..<5 {
                let count = Int.random(in: 0..<60, using: &random)
                texts.append((0..<count).map { _ in words.randomElement(using: &random) ?? "" }.joined())
            }
            var tar = TarBuilder()
            tar.add("x/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\nappVersion: \(texts[4].utf8.count)\n")
            tar.add("x/values.yaml", texts[0])
            tar.add("x/Images.lock", "kind: ImagesLock\nimages: " + texts[1])
            tar.add("x/templates/a.yaml", "image: " + texts[2])
            tar.add("x/charts/y/values.yaml", texts[3])
            tar.add("x/charts/y/Chart.yaml", texts[4])
            tar.add("x/charts/z.tgz", random.bytes(100))
            var rest: [UInt8]? = tar.gzipped
            let images = try? ChartImages { rest.take() }
            #expect(images?.images.allSatisfy { $0.reference.host != nil && $0.reference.manifest != nil } == true)
            var raw: [UInt8]? = [0x1F, 0x8B, 8] + random.bytes(300)
            #expect(throws: ChartArchiveError.self) { try ChartImages { raw.take() } }
        }
    }
}
