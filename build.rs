//! Makes the header from the source, into `OUT_DIR`; a test compares it with `include/hyperbolic.h`.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for input in ["src", "cbindgen.toml", "build.rs"] {
        println!("cargo:rerun-if-changed={input}");
    }
    fs::write(out.join("hyperbolic.h"), header(&root)).expect("OUT_DIR can be written");
    // A library that starts threads and hooks panics cannot be unmapped; dlclose leaves it where it is.
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

fn header(root: &Path) -> String {
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is valid");
    let read = |name| fs::read_to_string(root.join("src").join(name)).expect("the header's own parts exist");
    config.header = Some(read("header_guide.h").trim_end().to_owned());
    config.after_includes = Some(format!("\n{}", read("header_macros.h").trim_end()));
    let mut made = Vec::new();
    let bindings = cbindgen::Builder::new().with_crate(root).with_config(config).generate();
    bindings.expect("the sources can be read").write(&mut made);
    let made = String::from_utf8(made).expect("cbindgen writes UTF-8");
    // cbindgen has one setting for both of C's types: with size_t comes ptrdiff_t, but a handle is no difference.
    made.replace("ptrdiff_t", "intptr_t").lines().map(|line| parenthesize(line) + "\n").collect()
}

/// cbindgen writes `#define HB_E_CLOSED -2`; an expression around it wants parentheses.
fn parenthesize(line: &str) -> String {
    match line.rsplit_once(' ') {
        Some((define, value)) if define.starts_with("#define ") && value.starts_with('-') => {
            format!("{define} ({value})")
        }
        _ => line.to_owned(),
    }
}
