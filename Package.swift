// swift-tools-version: 6.2
import PackageDescription

let root = Context.packageDirectory
let release: BuildSettingCondition = .when(configuration: .release)

// The library is Embedded Swift in release: no Swift runtime in somebody else's process. docs/building.md has the whys.
// MID_ORDINARY=1 builds release as ordinary Swift, the fallback should Embedded ever fail.
// MID_SANITIZE=1 leaves symbols of the sanitizer runtimes to the host program.
let ordinary = Context.environment["MID_ORDINARY"] != nil
let sanitize = Context.environment["MID_SANITIZE"] != nil

var library: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .treatWarning("EmbeddedRestrictions", as: .error, .when(configuration: .debug)),
]
if !ordinary {
    library += [
        .enableExperimentalFeature("Embedded", release),
        .unsafeFlags(["-Xfrontend", "-trap-function", "-Xfrontend", "mid_trap"], release),
    ]
}

let link =
    ["--version-script=\(root)/exports.map", "-soname=libmachineid.so.0"]
    + ["-z", "now", "-z", "relro", "-z", "nodelete", "-z", "noexecstack"]
    + (sanitize ? [] : ["-z", "defs"])

// In release the program machineid uses the library that script/build has put into build/lib. In debug it has the
// library inside, so that "swift build" and "swift test" need no release build.
let usesBuiltLibrary = Context.environment["MID_BUILT_LIBRARY"] != nil
let rpath = ["-rpath", "$ORIGIN/../lib", "-z", "now", "-z", "relro"].flatMap { ["-Xlinker", $0] }

let package = Package(
    name: "machineid",
    products: [
        .library(name: "machineid", type: .dynamic, targets: ["MachineIDC"]),
        .executable(name: "machineid-emulator", targets: ["machineid-emulator"]),
        .executable(name: "machineid-tool", targets: ["machineid-tool"]),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CPlatform"),
        .systemLibrary(name: "CTool"),
        .systemLibrary(name: "CMachineID", path: "include"),
        .target(
            name: "MachineIDC",
            dependencies: ["CCurl", "CJansson", "CPlatform", "CMachineID"],
            swiftSettings: library,
            linkerSettings: [.unsafeFlags(["-use-ld=lld"] + link.flatMap { ["-Xlinker", $0] }, release)]
        ),
        .executableTarget(
            name: "machineid-emulator",
            dependencies: ["CMicrohttpd", "CJansson", "CSQLite", "CMachineID"],
            swiftSettings: [.treatAllWarnings(as: .error)]
        ),
        // Installed as machineid, which is the name of another product here.
        .executableTarget(
            name: "machineid-tool",
            dependencies: ["CJansson", "CTool", "CMachineID"] + (usesBuiltLibrary ? [] : ["MachineIDC"]),
            path: "Sources/machineid",
            swiftSettings: [
                .treatAllWarnings(as: .error), .enableExperimentalFeature("Embedded", release),
                .unsafeFlags(["-Osize"], release),
            ],
            linkerSettings: usesBuiltLibrary
                ? [.linkedLibrary("machineid"), .unsafeFlags(["-L\(root)/build/lib", "-use-ld=lld"] + rpath)] : []
        ),
        .target(
            name: "TestSupport",
            dependencies: ["machineid-emulator"],
            path: "Tests/unit/TestSupport",
            swiftSettings: [.treatAllWarnings(as: .error)]
        ),
        .testTarget(
            name: "EmulatorTests",
            dependencies: ["machineid-emulator", "TestSupport"],
            path: "Tests/unit/EmulatorTests",
            swiftSettings: [.treatAllWarnings(as: .error)]
        ),
        .testTarget(
            name: "MachineIDCTests",
            dependencies: ["MachineIDC", "CMachineID", "CCurl", "TestSupport"],
            path: "Tests/unit/MachineIDCTests",
            swiftSettings: [.treatAllWarnings(as: .error)]
        ),
    ],
    swiftLanguageModes: [.v6]
)
