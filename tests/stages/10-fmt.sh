# about: the Rust source is formatted
# group: core
check rustfmt cargo fmt --all --check
