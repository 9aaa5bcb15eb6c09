# about: every binding has a test of each behaviour of bindings/behaviours.md, by its name
# group: bindings
# needs: python3=python3
run_checks behaviours 60 python3 tests/bindings/behaviours.py bindings
expect_silence behaviours
collect behaviours
