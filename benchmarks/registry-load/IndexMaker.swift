/// Makes the `index.yaml` of a classic repository, as Helm writes it, the same one in every run; about 1 kB a version.
package struct IndexMaker {
    private let charts: Int
    private let versions: Int

    /// An index of so many charts, and so many versions of each.
    package init(charts: Int, versions: Int) {
        (self.charts, self.versions) = (charts, versions)
    }

    /// As YAML.
    package func index() -> [UInt8] {
        var text = "apiVersion: v1\nentries:\n"
        for chart in 0..<charts {
            text += "  \(IndexMaker.name(chart)):\n"
            for version in (0..<versions).reversed() { text += entry(chart, version) }
        }
        return Array((text + "generated: \"2026-01-01T00:00:00Z\"\n").utf8)
    }

    /// The same as JSON, in one line, as Chartroom and others write it.
    package func indexAsJSON() -> [UInt8] {
        let entries = (0..<charts).map { chart in
            let versions = (0..<versions).reversed().map { jsonEntry(chart, $0) }.joined(separator: ",")
            return "\"\(IndexMaker.name(chart))\":[\(versions)]"
        }
        let text = "{\"apiVersion\":\"v1\",\"entries\":{\(entries.joined(separator: ","))},"
        return Array((text + "\"generated\":\"2026-01-01T00:00:00Z\"}").utf8)
    }

    package static func name(_ chart: Int) -> String { "listed-\(chart)" }

    /// What differs from one version to the next.
    private struct Entry {
        let name: String
        let version: String
        let created: String
        /// Not the hash of anything: no archive is fetched.
        let digest: String

        init(_ chart: Int, _ number: Int) {
            name = IndexMaker.name(chart)
            version = "\(1 + number / 50).\(number / 5 % 10).\(number % 5)"
            created = "2025-06-\(String(101 + number % 28).dropFirst())T12:00:00Z"
            digest = String(String(repeating: "\(1000 + chart)\(100_000 + number)ab", count: 6).prefix(64))
        }
    }

    private func jsonEntry(_ chart: Int, _ number: Int) -> String {
        let entry = Entry(chart, number)
        let name = entry.name
        return """
            {"annotations":{"category":"measuring","images":"- name: \(name)\\n  image: registry.example.org/measuring/\
            \(name):2.\(number).0\\n- name: \(name)-exporter\\n  image: registry.example.org/measuring/exporter:\
            1.\(number).0\\n","licenses":"Apache-2.0"},"apiVersion":"v2","appVersion":"2.\(number).0",\
            "created":"\(entry.created)","dependencies":[{"name":"common",\
            "repository":"oci://registry.example.org/charts","version":"2.x.x"}],"description":\
            "A chart to measure with, whose description is as long as those that people write.",\
            "digest":"\(entry.digest)","home":"https://example.org/projects/\(name)",\
            "icon":"https://example.org/assets/logos/\(name).svg","keywords":["measure","cache","upstream"],\
            "kubeVersion":">=1.23.0-0","maintainers":[{"email":"nobody@example.org","name":"The team that measures"}],\
            "name":"\(name)","sources":["https://git.example.org/charts/\(name)"],"type":"application",\
            "urls":["charts/\(name)-\(entry.version).tgz"],"version":"\(entry.version)"}
            """
    }

    private func entry(_ chart: Int, _ number: Int) -> String {
        let entry = Entry(chart, number)
        let name = entry.name
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
                created: "\(entry.created)"
                dependencies:
                - name: common
                  repository: oci://registry.example.org/charts
                  version: 2.x.x
                description: A chart to measure with, whose description is as long as those that people write.
                digest: \(entry.digest)
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
                - charts/\(name)-\(entry.version).tgz
                version: \(entry.version)

            """
    }
}
