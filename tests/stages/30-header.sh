# about: include/hyperbolic.h is, byte for byte, what the Rust source says (tests/run --update-header)
# group: core
check generated diff -u include/hyperbolic.h "$(generated_header --workspace)"
