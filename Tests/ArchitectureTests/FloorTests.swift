import Testing

/// The house: each target stands on a floor and imports lower floors only, or what it lists sideways.
///
/// SwiftPM builds an undeclared import without a word, so this test reads every import itself.
@Suite struct FloorTests {
    /// The floors, from the ground up. `chartroom` is the roof.
    private static let floors: [[String]] = [
        ["CLinux", "CSQLite", "CCrypto", "CCurl", "CMicrohttpd", "CArchive", "CYAML", "CCrypt", "CZlib"],
        ["Posix", "SQLite", "Codecs", "Archive", "YAML", "HTTPMessage", "HTTPClient", "HTTPServer", "Telemetry"],
        ["OCIModel", "HelmModel", "Content"],
        ["BlobStorage", "Metadata", "ChartArchive"],
        ["LocalRegistry", "RemoteRegistry", "ChartRepository", "ImageLayout"],
        ["ChartInspection", "RepositoryIndexing", "PullThrough", "Transfer", "Sync"],
        ["FrontDoor", "RegistryServer", "ChartServer", "UpstreamServer", "MirrorServer", "Commands"],
        ["chartroom"],
    ]

    /// What a target may import of its own floor.
    private static let sideways: [String: Set<String>] = [
        "SQLite": ["Posix"], "HTTPClient": ["HTTPMessage", "Posix"], "HTTPServer": ["HTTPMessage", "Posix"],
        "HelmModel": ["OCIModel"], "Content": ["OCIModel"], "RegistryServer": ["FrontDoor"],
        "ChartServer": ["FrontDoor"], "UpstreamServer": ["FrontDoor"], "MirrorServer": ["FrontDoor"],
        "ChartRepository": ["RemoteRegistry"],
        "Sync": ["Transfer", "PullThrough", "ChartInspection"],
        "Commands": ["FrontDoor", "RegistryServer", "ChartServer", "UpstreamServer", "MirrorServer"],
    ]

    /// Modules of the toolchain, and the lowest and highest floor that may use them.
    private static let system: [String: ClosedRange<Int>] = [
        "Glibc": 1...1, "Synchronization": 1...7, "FoundationEssentials": 1...7,
    ]

    private let floorOf: [String: Int]
    private let declared: [String: [String]]

    init() throws {
        var floorOf: [String: Int] = [:]
        for (number, floor) in FloorTests.floors.enumerated() {
            for target in floor { floorOf[target] = number }
        }
        self.floorOf = floorOf
        declared = try Manifest.dependencies()
    }

    private func mayImport(_ target: String, _ module: String) -> Bool {
        guard let own = floorOf[target] else { return false }
        if let range = FloorTests.system[module] { return range.contains(own) }
        guard let other = floorOf[module] else { return false }
        // The ground is seen from floor 1 only.
        if other == 0 { return own == 1 }
        return other < own || FloorTests.sideways[target]?.contains(module) == true
    }

    @Test("The package lists only what the floors allow") func package() {
        #expect(declared.count > 15)
        for (target, modules) in declared {
            for module in modules {
                #expect(mayImport(target, module), "\(target) must not import \(module)")
            }
        }
        for target in FloorTests.floors.dropFirst().joined() {
            #expect(declared[target] != nil, "\(target) is on a floor but not in Package.swift")
        }
    }

    @Test("Every import is listed in the package") func imports() {
        let files = SourceFile.all(below: "Sources")
        #expect(files.count > 100)
        for file in files {
            for module in file.imports where FloorTests.system[module] == nil {
                #expect(
                    declared[file.target]?.contains(module) == true,
                    "\(file.target) must not import \(module) (\(file.path))")
            }
            for module in file.imports {
                #expect(mayImport(file.target, module), "\(file.target) must not import \(module) (\(file.path))")
            }
        }
    }

    @Test(
        "The rules see what they should",
        arguments: [
            ("Posix", "SQLite", false), ("Metadata", "Posix", true), ("Metadata", "CSQLite", false),
            ("OCIModel", "Glibc", false),
            ("Content", "HelmModel", false), ("OCIModel", "Foundation", false), ("SQLite", "CSQLite", true),
            ("Nobody", "Posix", false),
            ("LocalRegistry", "RemoteRegistry", false), ("RegistryServer", "Commands", false),
            ("Posix", "FoundationNetworking", false),
        ])
    func rules(target: String, module: String, isAllowed: Bool) {
        #expect(mayImport(target, module) == isAllowed)
    }

    @Test("Imports are found however they are written") func reading() {
        let text = """
            // import Comment
            import A
            public import B
            internal import struct C.Thing
            @testable import D
            @_exported public import E
            let important = 1
            """
        #expect(SourceFile(path: "Sources/X/Y.swift", bytes: Array(text.utf8)).imports == ["A", "B", "C", "D", "E"])
    }
}

/// The dependency lists of Package.swift.
enum Manifest {
    struct Unreadable: Error {}

    /// What `platform(…)`, `storey(…)` and the executable list, by target.
    static func dependencies() throws -> [String: [String]] {
        let text = String(decoding: SourceFile.read("Package.swift"), as: UTF8.self)
        guard let start = text.range(of: "let floors"), let end = text.range(of: "let checks") else {
            throw Unreadable()
        }
        let floors = text[start..<end]
        var lists: [String: [String]] = [:]
        for call in floors.matches(of: /(?:platform|storey)\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?\s*\)/) {
            lists[String(call.1)] = names(call.2 ?? "")
        }
        for call in floors.matches(of: /executableTarget\(name: "(\w+)", dependencies: \[([^\]]*)\]/) {
            lists[String(call.1)] = names(call.2)
        }
        return lists
    }

    private static func names(_ list: Substring) -> [String] {
        list.matches(of: /"(\w+)"/).map { String($0.1) }
    }
}
