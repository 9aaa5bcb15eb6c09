# about: the Debian packages in a clean root: installed by dpkg, used from CMake and pkg-config, purged without a trace
# group: package
# needs: cc=gcc c++=g++ cmake=cmake make=make pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg
# needs: man=man-db unshare=util-linux dh=debhelper dpkg-buildpackage=dpkg-dev libedit.pc=libedit-dev
if ! can_make_roots; then
    skip debian 'no mount namespace with an overlay can be made here; see the log'
    exit 0
fi
use_simulator
check 'packaging/deb' packaging/portable packaging/deb "$HB_OUT/made"
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
for package in libhyperbolic0 libhyperbolic-dev hbchat; do
    file=("$HB_OUT/made/${package}_"*.deb)
    dpkg-deb -I "${file[0]}"
    dpkg-deb -c "${file[0]}" | grep -v man3/hb_
    check "$package has the version of the library" test "$(dpkg-deb -f "${file[0]}" Version | sed 's/-[0-9]*$//')" = "$version"
done
needs() { dpkg-deb -f "$HB_OUT/made/$1"_*.deb Depends | grep -oE '[a-z0-9-]+' | grep -xE '[a-z]+[a-z0-9-]*' | sort | tr '\n' ' '; }
check 'libhyperbolic0 needs glibc and libgcc alone' test "$(needs libhyperbolic0)" = 'libc6 libgcc-s1 '
check 'libhyperbolic-dev needs it' grep -q libhyperbolic0 <(needs libhyperbolic-dev)
check 'hbchat needs glibc, libedit and it' test "$(needs hbchat)" = 'libc6 libedit2 libhyperbolic0 '
try_package debian "$HB_OUT"/made/*.deb
