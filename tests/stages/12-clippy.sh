# about: clippy has nothing to say, in any configuration that the tests build
# group: core
check workspace cargo clippy --locked --workspace --all-targets -- -D warnings
check test-hooks cargo clippy --locked --workspace --all-targets --features test-hooks -- -D warnings
