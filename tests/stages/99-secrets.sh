# about: the key of the run is in no log and no output of any stage; the search first finds a planted one
# group: core

# The whole key, both its halves (a log may cut it), and what base64 makes of it at each of its three offsets.
encoded() { printf '%s%s' "$1" "$HB_TEST_KEY" | base64 -w0 | cut -c5-40; }
printf '%s\n' "$HB_TEST_KEY" "${HB_TEST_KEY:0:16}" "${HB_TEST_KEY:16}" \
    "$(encoded '')" "$(encoded x)" "$(encoded xx)" >"$HB_OUT/needles"
# Programs and libraries are left out by name: what was compiled from tests is not what they wrote.
found_in() { grep -rlaFf "$HB_OUT/needles" --exclude-dir=secrets --exclude='*.program' "$1"; }

planted=$HB_OUT/planted
mkdir "$planted"
printf 'Authorization: Bearer %s\n' "$HB_TEST_KEY" >"$planted/whole"
printf 'cut: %s...\n' "${HB_TEST_KEY:0:16}" >"$planted/cut"
printf 'user:%s' "$HB_TEST_KEY" | base64 -w0 >"$planted/base64"
check 'finds a planted key in every form' test "$(found_in "$planted" | wc -l)" -eq 3

searched=$(find "$HB_RUN" -type f -size +0 -not -path "$HB_OUT/*" | wc -l)
printf '%s files of this run searched\n' "$searched"
check 'there is something to search' test "$searched" -gt 0
found_in "$HB_RUN" >"$HB_OUT/found" || true
cat "$HB_OUT/found"
check 'the key is nowhere' test ! -s "$HB_OUT/found"
