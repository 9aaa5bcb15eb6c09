# about: the Swift binding is formatted, has every function of the header, and lets no function of C call Swift
# group: bindings
# needs: apt-get=apt dpkg-deb=dpkg unshare=util-linux
if ! fetch_swift; then
    skip swift-vet 'the toolchain could not be fetched; see the log'
    exit 0
fi
sources=bindings/swift/Sources
check 'swift format' in_swift swift format lint --strict --recursive bindings/swift
not() { ! "$@"; }
check 'no callback enters Swift' not grep -rnE '@_cdecl|@convention\(c\)|_dispatch\(|_stream\(|set_wakeup\(' "$sources"
check 'the one unchecked promise to be Sendable' test "$(grep -rhE '@unchecked|nonisolated\(unsafe\)|@preconcurrency' "$sources" | wc -l)" -eq 1

# What a Swift program does not need: blocking calls and loops (a thread of the binding takes from the queue), references
# and copies (Swift counts its own), and the end of the library before an unload.
cat >"$HB_OUT/left-out" <<'LIST'
hb_chat hb_complete hb_chat_stream hb_complete_stream hb_models
hb_queue_dispatch hb_queue_native_handle hb_queue_set_wakeup hb_queue_wake hb_queue_close
hb_request_clone hb_response_status hb_model_list_find hb_status_name hb_shutdown
LIST
sed -n 's/^\(hb_[a-z0-9_]*\).*/\1/p' tests/abi/symbols.txt | sort >"$HB_OUT/symbols"
cat "$sources"/Hyperbolic/*.swift | grep -oE '\bhb_[a-z0-9_]+\(' | tr -d '(' | sort -u >"$HB_OUT/used"
tr -s ' \n' '\n' <"$HB_OUT/left-out" | sort >"$HB_OUT/left-out.sorted"
same() { diff "$1" "$2"; }
check 'every other function of the header is used' \
    same <(comm -23 "$HB_OUT/symbols" "$HB_OUT/used") "$HB_OUT/left-out.sorted"

# The notes on the header: each function that answers a text is there, as one that never answers NULL, and no function is
# there that is not in the header.
notes=$sources/CHyperbolic/CHyperbolic.apinotes
sed -n 's/^  - Name: //p' "$notes" | sort >"$HB_OUT/noted"
check 'the notes name functions of the header' test -z "$(comm -13 "$HB_OUT/symbols" "$HB_OUT/noted" | tee /dev/stderr)"
grep -B1 'NullabilityOfRet: N' "$notes" | sed -n 's/^  - Name: //p' | sort >"$HB_OUT/never"
tr '\n' ' ' <include/hyperbolic.h | grep -oE 'HB_API +const char \*hb_[a-z0-9_]+' | grep -oE 'hb_[a-z0-9_]+' | sort >"$HB_OUT/texts"
check 'and every text' test -z "$(comm -23 "$HB_OUT/texts" "$HB_OUT/never" | tee /dev/stderr)"
check 'the header says nothing of Swift' not grep -iq swift include/hyperbolic.h
