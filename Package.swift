// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Every target is checked for data races, marks its unsafe code and has no warnings.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Test code may use unsafe pointers without marking each of them.
let testSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "sluice",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        // C that Swift cannot import by itself; as little as possible.
        .target(name: "CLinux"),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        // The parts of the data's way. None of these five knows another one.
        .target(
            name: "Files",
            dependencies: [
                "CLinux", "CZlib", "CZstd",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(name: "LineProtocol", swiftSettings: settings),
        .target(name: "Ring", dependencies: ["CLinux", "Threads"], swiftSettings: settings),
        .target(name: "Postgres", dependencies: ["CLibPQ", "CLinux"], swiftSettings: settings),
        .target(name: "Systemd", dependencies: ["CLinux"], swiftSettings: settings),

        // Locks and threads that the thread sanitizer understands.
        .target(name: "Threads", dependencies: ["CLinux"], swiftSettings: settings),

        // Joins the parts to a pipeline and runs it.
        .target(
            name: "Ingest",
            dependencies: [
                "CLinux", "Files", "LineProtocol", "Postgres", "Ring", "Systemd", "Threads",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),

        // The command line.
        .executableTarget(
            name: "sluice",
            dependencies: [
                "Ingest", "LineProtocol",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),

        // The same work in every run, to measure it: instructions are counted by scripts/instructions.
        .target(
            name: "Workloads", dependencies: ["LineProtocol", "Postgres", "Ring"],
            path: "Benchmarks/Workloads", swiftSettings: settings),
        .executableTarget(
            name: "sluice-workload", dependencies: ["Workloads"], path: "Benchmarks/Instructions",
            swiftSettings: settings),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: testSettings),
        .testTarget(
            name: "FilesTests",
            dependencies: [
                "Files", "CZlib", "CZstd", "TestSupport",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: testSettings),
        .testTarget(
            name: "LineProtocolTests", dependencies: ["LineProtocol"], swiftSettings: testSettings),
        .testTarget(
            name: "RingTests", dependencies: ["Ring", "CLinux", "TestSupport"],
            swiftSettings: testSettings),
        .testTarget(
            name: "PostgresTests", dependencies: ["Postgres", "TestSupport"],
            swiftSettings: testSettings),
        .testTarget(
            name: "SystemdTests", dependencies: ["Systemd", "TestSupport"],
            swiftSettings: testSettings),
        .testTarget(
            name: "IngestTests",
            dependencies: ["Ingest", "LineProtocol", "Ring", "TestSupport", "Threads"],
            swiftSettings: testSettings),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["Ingest", "LineProtocol", "Postgres", "Ring", "TestSupport", "Threads"],
            swiftSettings: testSettings),
    ]
)

// The fuzz targets are built by themselves, and everything below them with the fuzzer's
// instrumentation; the other targets and their dependencies are not needed for that.
if ProcessInfo.processInfo.environment["SLUICE_FUZZ"] != nil {
    let fuzzing = ["-sanitize=fuzzer,address", "-parse-as-library"]
    package.dependencies = []
    package.targets = [
        .target(
            name: "LineProtocol",
            swiftSettings: settings + [.unsafeFlags(["-sanitize=fuzzer,address"])]),
        .executableTarget(
            name: "FuzzDecode", dependencies: ["LineProtocol"],
            exclude: ["Seeds", "dictionary.txt"],
            swiftSettings: testSettings + [.unsafeFlags(fuzzing)],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
    ]
}

// Times of the same workloads; ordinary builds do not see what this needs.
if ProcessInfo.processInfo.environment["SLUICE_BENCHMARK"] != nil {
    package.dependencies.append(
        // Without traits: what they count would be counted while times are taken.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []))
    package.targets.append(
        .executableTarget(
            name: "Speed",
            dependencies: ["Workloads", .product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/Speed", swiftSettings: testSettings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
}
