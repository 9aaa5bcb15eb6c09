# about: the tarball in a clean root: unpacked, used from CMake and pkg-config, moved, used again, removed
# group: package
# needs: cc=gcc c++=g++ cmake=cmake make=make pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg
# needs: man=man-db unshare=util-linux
if ! can_make_roots; then
    skip tarball 'no mount namespace with an overlay can be made here; see the log'
    exit 0
fi
use_simulator
check 'packaging/tarball' packaging/portable packaging/tarball "$HB_OUT/made"
ls -l "$HB_OUT/made"
try_package tarball "$HB_OUT"/made/*.tar.gz
