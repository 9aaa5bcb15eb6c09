# about: the queue's locks and waits, in thousands of orders of its threads
# group: queue
RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR=$CARGO_TARGET_DIR/test/shuttle \
    cargo test --locked -p hyperbolic-core --lib queue::model >"$HB_OUT/tests" 2>&1 || { cat "$HB_OUT/tests"; exit 1; }
cat "$HB_OUT/tests"
while read -r name; do pass "$name"; done < <(sed -n 's/^test \(queue::model::.*\) \.\.\. ok$/\1/p' "$HB_OUT/tests")
