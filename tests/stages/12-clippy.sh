# about: clippy has nothing to say, in any configuration that the tests build
# group: core
check workspace cargo clippy --workspace --all-targets -- -D warnings
check test-hooks cargo clippy --workspace --all-targets --features test-hooks -- -D warnings
