import Testing
@testable import Hyperbolic
@Test func y() {}
