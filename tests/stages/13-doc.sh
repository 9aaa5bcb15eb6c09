# about: the Rust documentation builds without a warning
# group: core
RUSTDOCFLAGS='-D warnings' check rustdoc cargo doc --locked --workspace --no-deps --document-private-items
