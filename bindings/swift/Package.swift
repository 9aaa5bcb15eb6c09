// swift-tools-version: 6.0
import PackageDescription

let examples = ["chat", "stream", "conversation", "tools", "cancel"]

let package = Package(
    name: "hyperbolic",
    // What Mutex and the typed errors of async sequences need.
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: [.library(name: "Hyperbolic", targets: ["Hyperbolic"])],
    targets: [
        .systemLibrary(name: "CHyperbolic", pkgConfig: "hyperbolic"),
        .target(name: "Hyperbolic", dependencies: ["CHyperbolic"]),
        .testTarget(name: "HyperbolicTests", dependencies: ["Hyperbolic"]),
    ]
        + examples.map { name in
            .executableTarget(name: "\(name)-example", dependencies: ["Hyperbolic"], path: "examples/\(name)")
        },
    swiftLanguageModes: [.v6]
)
