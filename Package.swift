// swift-tools-version: 6.2
// The floors of the house, from the ground up: a target may import only lower floors and what is listed
// sideways. `Tests/Architecture` reads every import and holds it against this table.
import PackageDescription

/// What every Swift target is compiled with.
let language: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// A target of floor 1: the only floor that may hold pointers.
func platform(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: language)
}

/// A target above floor 1: a pointer there does not compile.
func storey(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: language + [.strictMemorySafety()])
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: language)
}

func library(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let ground: [Target] = [
    .systemLibrary(name: "CLinux"),
    library("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
    library("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
    library("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    library("CMicrohttpd", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev"),
    library("CArchive", pkgConfig: "libarchive", apt: "libarchive-dev"),
    library("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
    library("CCrypt", pkgConfig: "libcrypt", apt: "libcrypt-dev"),
    library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
]

let floors: [Target] = [
    // Floor 1: platform.
    platform("Posix", ["CLinux"]),
    platform("SQLite", ["CSQLite", "Posix"]),
    platform("Codecs", ["CCrypto", "CCrypt", "CZlib"]),
    platform("Archive", ["CArchive"]),
    platform("YAML", ["CYAML"]),
    platform("HTTPMessage"),
    platform("HTTPClient", ["CCurl", "HTTPMessage", "Posix"]),
    platform("HTTPServer", ["CMicrohttpd", "HTTPMessage", "Posix"]),
    platform("Telemetry"),
    // Floor 2: meaning.
    storey("OCIModel", []),
    storey("HelmModel", ["OCIModel"]),
    storey("Content", ["OCIModel"]),
    // Floor 3: state.
    storey("BlobStorage", ["Content", "OCIModel", "Posix", "Codecs"]),
    storey("Metadata", ["Content", "OCIModel", "SQLite", "Posix"]),
    storey("ChartArchive", ["Content", "HelmModel", "OCIModel", "Archive", "Codecs", "YAML"]),
    // Floor 4: ends.
    storey(
        "LocalRegistry",
        [
            "Content", "OCIModel", "HelmModel", "BlobStorage", "Metadata", "ChartArchive", "Posix", "SQLite", "Codecs",
            "Telemetry",
        ]),
    storey("RemoteRegistry", ["Content", "OCIModel", "HTTPClient", "HTTPMessage", "Posix", "Codecs", "Telemetry"]),
    storey(
        "ChartRepository",
        [
            "RemoteRegistry", "Content", "OCIModel", "HelmModel", "ChartArchive", "YAML", "HTTPClient", "HTTPMessage",
            "Codecs", "Posix",
        ]),
    storey("ImageLayout", ["Content", "OCIModel", "Posix", "Codecs"]),
    // Floor 5: operations over ends.
    storey("Transfer", ["Content", "OCIModel", "Codecs"]),
    storey("ChartInspection", ["Archive", "ChartArchive", "Content", "HelmModel", "OCIModel", "Codecs", "YAML"]),
    storey("RepositoryIndexing", ["Content", "OCIModel", "HelmModel", "Posix", "Codecs"]),
    storey(
        "PullThrough",
        ["ChartRepository", "RemoteRegistry", "Content", "HelmModel", "OCIModel", "HTTPClient", "Posix", "Telemetry"]),
    storey(
        "Sync",
        [
            "Transfer", "PullThrough", "ChartInspection", "ChartArchive", "ChartRepository", "RemoteRegistry",
            "Content",
            "HelmModel", "OCIModel", "Codecs", "Posix", "Telemetry",
        ]),
    // Floor 6: faces.
    storey("FrontDoor", ["Content", "OCIModel", "HTTPServer", "HTTPMessage", "Codecs", "Posix", "Telemetry"]),
    storey("RegistryServer", ["FrontDoor", "Content", "OCIModel", "HTTPServer", "HTTPMessage", "Codecs", "Telemetry"]),
    storey(
        "ChartServer",
        [
            "FrontDoor", "RepositoryIndexing", "ChartInspection", "ChartArchive", "Content", "HelmModel", "OCIModel",
            "HTTPServer", "HTTPMessage",
        ]),
    storey("UpstreamServer", ["FrontDoor", "Content", "OCIModel", "HTTPServer", "HTTPMessage"]),
    storey("MirrorServer", ["FrontDoor", "Content", "OCIModel", "HTTPServer", "HTTPMessage"]),
    storey(
        "Commands",
        [
            "FrontDoor", "RegistryServer", "ChartServer", "UpstreamServer", "MirrorServer", "RepositoryIndexing",
            "PullThrough", "Sync", "Transfer", "ImageLayout", "LocalRegistry", "RemoteRegistry", "ChartRepository",
            "ChartInspection", "ChartArchive",
            "Metadata",
            "BlobStorage", "Content",
            "HelmModel", "OCIModel", "HTTPServer", "HTTPClient", "HTTPMessage", "YAML", "Codecs", "Posix", "Telemetry",
        ]),
    .executableTarget(name: "chartroom", dependencies: ["Commands"], swiftSettings: language),
]

let checks: [Target] = [
    .target(
        name: "TestSupport", dependencies: ["Content", "OCIModel", "Posix", "Codecs", "CZlib"],
        path: "Tests/TestSupport",
        swiftSettings: language),
    tests("PosixTests", ["Posix"]),
    tests("SQLiteTests", ["SQLite", "Posix"]),
    tests("CodecsTests", ["Codecs"]),
    tests("ArchiveTests", ["Archive"]),
    tests("YAMLTests", ["YAML"]),
    tests("HTTPMessageTests", ["HTTPMessage"]),
    tests("HTTPClientTests", ["HTTPClient", "HTTPMessage", "Posix"]),
    tests("HTTPServerTests", ["HTTPServer", "HTTPMessage", "Posix"]),
    tests("TelemetryTests", ["Telemetry"]),
    tests("OCIModelTests", ["OCIModel"]),
    tests("HelmModelTests", ["HelmModel", "OCIModel", "YAML"]),
    tests("ContentTests", ["Content", "OCIModel"]),
    tests("BlobStorageTests", ["BlobStorage", "Content", "OCIModel", "Posix", "Codecs"]),
    tests("MetadataTests", ["Metadata", "Content", "OCIModel", "SQLite", "Posix"]),
    tests("ChartArchiveTests", ["ChartArchive", "Content", "HelmModel", "OCIModel", "Archive", "Codecs"]),
    tests("ChartInspectionTests", ["ChartInspection", "ChartArchive", "Content", "HelmModel", "OCIModel", "Codecs"]),
    tests(
        "LocalRegistryTests",
        ["LocalRegistry", "BlobStorage", "Metadata", "Content", "OCIModel", "Posix", "SQLite", "Codecs", "Telemetry"]),
    tests(
        "RemoteRegistryTests",
        ["RemoteRegistry", "HTTPClient", "HTTPMessage", "Content", "OCIModel", "Posix", "Codecs"]),
    tests(
        "ChartRepositoryTests",
        [
            "ChartRepository", "RemoteRegistry", "ChartArchive", "HTTPClient", "HTTPMessage", "HelmModel", "Content",
            "OCIModel", "Posix", "Codecs",
        ]),
    tests(
        "PullThroughTests",
        [
            "PullThrough", "LocalRegistry", "RemoteRegistry", "ChartRepository", "HTTPClient", "HTTPMessage",
            "HelmModel",
            "Content", "OCIModel", "Posix", "Codecs", "Telemetry",
        ]),
    .target(
        name: "ServerSupport",
        dependencies: ["FrontDoor", "Content", "HTTPServer", "HTTPMessage", "OCIModel", "Telemetry"],
        path: "Tests/ServerSupport", swiftSettings: language),
    tests(
        "FrontDoorTests",
        ["FrontDoor", "ServerSupport", "HTTPServer", "HTTPMessage", "Content", "OCIModel", "Telemetry"]),
    tests(
        "ChartServerTests",
        [
            "ChartServer", "FrontDoor", "ServerSupport", "RepositoryIndexing", "ChartInspection", "RemoteRegistry",
            "HTTPServer", "HTTPClient", "HTTPMessage", "HelmModel", "Content", "OCIModel", "Posix", "Telemetry",
        ]),
    tests(
        "RegistryServerTests",
        [
            "FrontDoor", "RegistryServer", "ServerSupport", "LocalRegistry", "HTTPServer", "HTTPMessage", "HTTPClient",
            "Content", "OCIModel",
            "Posix",
            "Codecs", "Telemetry",
        ]),
    tests(
        "UpstreamServerTests",
        [
            "UpstreamServer", "FrontDoor", "ServerSupport", "RemoteRegistry", "HTTPServer", "HTTPClient", "HTTPMessage",
            "Content", "OCIModel", "Posix", "Telemetry",
        ]),
    tests(
        "MirrorServerTests",
        [
            "MirrorServer", "FrontDoor", "ServerSupport", "RemoteRegistry", "HTTPServer", "HTTPClient", "HTTPMessage",
            "Content", "OCIModel", "Posix", "Telemetry",
        ]),
    tests("ImageLayoutTests", ["ImageLayout", "Content", "OCIModel", "Posix", "Codecs"]),
    tests(
        "TransferTests",
        [
            "Transfer", "LocalRegistry", "RemoteRegistry", "ImageLayout", "HTTPClient", "HTTPMessage", "Content",
            "OCIModel", "Posix", "Codecs",
        ]),
    tests(
        "SyncTests",
        [
            "Sync", "Transfer", "PullThrough", "LocalRegistry", "RemoteRegistry", "ChartRepository", "ChartInspection",
            "ChartArchive", "ImageLayout", "Metadata", "HTTPClient", "HTTPMessage", "HelmModel", "Content", "OCIModel",
            "Posix", "Codecs", "Telemetry",
        ]),
    tests(
        "CommandsTests",
        [
            "Commands", "Sync", "Transfer", "ChartRepository", "RemoteRegistry", "OCIModel", "Content", "Posix", "YAML",
            "HTTPServer", "Telemetry",
        ]),
    tests(
        "EndToEndTests",
        [
            "ChartRepository", "RemoteRegistry", "ImageLayout", "ChartArchive", "HelmModel", "Content", "OCIModel",
            "Posix", "SQLite", "Codecs", "HTTPClient", "HTTPMessage",
        ],
        exclude: ["conformance", "drivers"]),
    tests(
        "RepositoryIndexingTests",
        ["RepositoryIndexing", "LocalRegistry", "HelmModel", "Content", "OCIModel", "Posix", "Codecs", "YAML"]),
    tests("ArchitectureTests", []),
]

let benchmarks: [Target] = [
    .target(
        name: "BenchmarkSupport", dependencies: ["Posix"], path: "benchmarks/support", swiftSettings: language),
    .target(
        name: "RegistryLoad", dependencies: ["BenchmarkSupport", "Codecs"], path: "benchmarks/registry-load",
        swiftSettings: language),
    .executableTarget(
        name: "registry-benchmark", dependencies: ["BenchmarkSupport", "RegistryLoad", "Posix"],
        path: "benchmarks/registry", swiftSettings: language),
    .executableTarget(
        name: "charts-benchmark", dependencies: ["BenchmarkSupport", "ChartArchive", "Archive", "Codecs", "CZlib"],
        path: "benchmarks/charts", swiftSettings: language),
    .executableTarget(
        name: "cache-benchmark", dependencies: ["BenchmarkSupport", "RegistryLoad", "Posix"],
        path: "benchmarks/cache", swiftSettings: language),
    .executableTarget(
        name: "sync-benchmark", dependencies: ["BenchmarkSupport", "RegistryLoad", "Posix"],
        path: "benchmarks/sync", swiftSettings: language),
]

/// Fuzz targets link libFuzzer's main, so they exist only while fuzzing: `make fuzz`.
let fuzzers: [Target] =
    Context.environment["CHARTROOM_FUZZ"] == nil
    ? []
    : [
        ("FuzzDigest", ["OCIModel"]), ("FuzzManifest", ["OCIModel"]), ("FuzzHTTPMessage", ["HTTPMessage"]),
        ("FuzzMultipart", ["HTTPMessage"]),
        ("FuzzYAML", ["YAML"]),
        ("FuzzArchive", ["Archive", "ChartArchive", "Content", "HelmModel", "OCIModel", "YAML"]),
        ("FuzzHelmModel", ["HelmModel", "OCIModel"]), ("FuzzSemVer", ["HelmModel"]),
        ("FuzzConstraint", ["HelmModel"]), ("FuzzRepositoryIndex", ["ChartRepository", "HelmModel", "OCIModel"]),
    ].map { (name: String, dependencies: [String]) in
        .executableTarget(
            name: name, dependencies: dependencies.map { .byName(name: $0) }, path: "Tests/Fuzz/\(name)",
            swiftSettings: language + [.unsafeFlags(["-parse-as-library"])])
    }

/// The tests that are built: all of them, or those of the targets named in `CHARTROOM_TESTS`, between commas.
let built: [Target] = {
    guard let names = Context.environment["CHARTROOM_TESTS"] else { return checks }
    let wanted = Set(names.split(separator: ",").map(String.init))
    return checks.filter { !$0.isTest || wanted.contains($0.name) }
}()

let package = Package(
    name: "chartroom",
    products: [.executable(name: "chartroom", targets: ["chartroom"])],
    targets: ground + floors + built + benchmarks + fuzzers
)
