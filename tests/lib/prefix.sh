# A prefix as an install would make it, for callers outside the tree: header, headers of bindings, libraries, .pc.
# shellcheck shell=bash

# stage_prefix FOLDER: of the library in HB_LIB_DIR. Whoever uses it sets PKG_CONFIG_PATH=FOLDER/lib/pkgconfig.
stage_prefix() {
    local prefix=$1 version libraries
    version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' "$HB_ROOT/Cargo.toml")
    libraries=$(rustc --crate-type staticlib --print native-static-libs --crate-name none -o "$HB_OUT/none.a" - \
        </dev/null 2>&1 | sed -n 's/^note: native-static-libs: //p')
    rm -f "$HB_OUT/none.a"
    mkdir -p "$prefix/include" "$prefix/lib/pkgconfig"
    cp "$HB_INCLUDE/hyperbolic.h" "$prefix/include/"
    cp -r "$HB_ROOT/bindings/cpp/include/." "$prefix/include/"
    cp "$HB_LIB_DIR/libhyperbolic.so" "$HB_LIB_DIR/libhyperbolic.a" "$prefix/lib/"
    cat >"$prefix/lib/pkgconfig/hyperbolic.pc" <<PC
prefix=\${pcfiledir}/../..
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: hyperbolic
Description: A C library for Hyperbolic's OpenAI-compatible text-generation API
Version: $version
Cflags: -I\${includedir}
Libs: -L\${libdir} -lhyperbolic
Libs.private: $libraries
PC
}
