/// Makes the `index.yaml` of a classic repository, as Helm writes it, the same one in every run; about 1 kB a version.
struct IndexMaker {
    let charts: Int
    let versions: Int

    func index() -> [UInt8] {
        var text = "apiVersion: v1\nentries:\n"
        for chart in 0..<charts {
            text += "  \(IndexMaker.name(chart)):\n"
            for version in (0..<versions).reversed() { text += entry(chart, version) }
        }
        return Array((text + "generated: \"2026-01-01T00:00:00Z\"\n").utf8)
    }

    static func name(_ chart: Int) -> String { "listed-\(chart)" }

    private func entry(_ chart: Int, _ number: Int) -> String {
        let name = IndexMaker.name(chart)
        let version = "\(1 + number / 50).\(number / 5 % 10).\(number % 5)"
        let day = String(101 + number % 28).dropFirst()
        // Not the hash of anything: no archive is fetched.
        let digest = String(repeating: "\(1000 + chart)\(100_000 + number)ab", count: 6).prefix(64)
        return """
              - annotations:
                  category: measuring
                  images: |
                    - name: \(name)
                      image: registry.example.org/measuring/\(name):2.\(number).0
                    - name: \(name)-exporter
                      image: registry.example.org/measuring/exporter:1.\(number).0
                  licenses: Apache-2.0
                apiVersion: v2
                appVersion: 2.\(number).0
                created: "2025-06-\(day)T12:00:00Z"
                dependencies:
                - name: common
                  repository: oci://registry.example.org/charts
                  version: 2.x.x
                description: A chart to measure with, whose description is as long as those that people write.
                digest: \(digest)
                home: https://example.org/projects/\(name)
                icon: https://example.org/assets/logos/\(name).svg
                keywords:
                - measure
                - cache
                - upstream
                kubeVersion: '>=1.23.0-0'
                maintainers:
                - email: nobody@example.org
                  name: The team that measures
                name: \(name)
                sources:
                - https://git.example.org/charts/\(name)
                type: application
                urls:
                - charts/\(name)-\(version).tgz
                version: \(version)

            """
    }
}
