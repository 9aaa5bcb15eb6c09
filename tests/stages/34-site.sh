# about: docs/build makes the site: every link leads somewhere, every name of the header is there, no page is wider than a phone
# group: package
# needs: python3=python3 chromium=chromium apt-get=apt dpkg-deb=dpkg gcc=gcc
check 'docs/build makes it' docs/build "$HB_OUT/site" || exit 0
run_checks links 60 python3 tests/docs/links.py "$HB_OUT/site" include/hyperbolic.h
collect links
run_checks widths 120 python3 tests/docs/widths.py "$HB_OUT/site" 390
collect widths
