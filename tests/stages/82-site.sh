# about: docs/build makes the site: links lead somewhere, every name of the header is there, no page is wider than a phone
# group: package
# needs: python3=python3 chromium=chromium apt-get=apt dpkg-deb=dpkg
site=$HB_OUT/site
check 'docs/build makes it' docs/build "$site" || exit 0
not() { ! "$@"; }
check 'it replaces nothing that is no site' not docs/build "$HB_ROOT/docs"

run_checks links 60 python3 tests/docs/links.py "$site" include/hyperbolic.h
collect links
run_checks widths 120 python3 tests/docs/widths.py "$site" 390
collect widths

# What is wrong is seen.
mkdir "$HB_OUT/wrong"
cp -r "$site/reference" "$HB_OUT/wrong"
printf '<!doctype html><a href="nowhere.html">x</a><div style="width: 391px">x</div>' >"$HB_OUT/wrong/planted.html"
wrong_in() {
    "$@" >"$HB_OUT/wrong.out" || true
    grep '^not ok.*planted.html' "$HB_OUT/wrong.out"
}
check 'a link that leads nowhere is found' wrong_in python3 tests/docs/links.py "$HB_OUT/wrong" include/hyperbolic.h
check 'a page that is too wide is found' wrong_in python3 tests/docs/widths.py "$HB_OUT/wrong" 390
