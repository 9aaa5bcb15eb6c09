#!/usr/bin/env python3
"""Holds the README's table of dependencies to Cargo.toml, features to what is asked for, and the SBOM to what is linked.

    python3 tests/supply/dependencies.py README.md METADATA.json SBOM.json LINKED.txt

METADATA.json is what `cargo metadata` says; LINKED.txt has the crates that are linked, one a line, as `cargo tree` tells
them. Prints `ok NAME` or `not ok NAME: why`; exit code 1 if anything is not ok.
"""

import json
import pathlib
import re
import sys

failures = 0


def verdict(name, faults):
    """One check: passed if there are no faults."""
    global failures
    faults = sorted(faults)
    failures += bool(faults)
    print(f"not ok {name}: {', '.join(faults)}" if faults else f"ok {name}")


def crates(text):
    """What stands between backquotes in a cell or a sentence."""
    return set(re.findall(r"`([a-z0-9_-]+)`", text))


readme, metadata, sbom, linked = (pathlib.Path(path).read_text(encoding="utf-8") for path in sys.argv[1:5])
known = json.loads(metadata)
ours = {package["name"]: package for package in known["packages"] if package["source"] is None}
others = {package["name"]: package for package in known["packages"] if package["source"]}
direct = [(package, needed) for package in ours.values() for needed in package["dependencies"] if "path" not in needed]


def is_library(package, needed):
    """Whether it is a part of the library: `cfg(shuttle)` is set by a test alone."""
    return package in ("hyperbolic", "hyperbolic-core") and needed["kind"] is None and needed["target"] != "cfg(shuttle)"


section = re.search(r"^## Dependencies$(.*?)(?=^## |\Z)", readme, re.M | re.S)
section = section[1] if section else ""
rows = re.findall(r"^\| (`.*?) \| (.*?) \|$", section, re.M)
table = set().union(*(crates(first) for first, _ in rows)) if rows else set()
library = {needed["name"] for package, needed in direct if is_library(package["name"], needed)}
# `rustls` with `ring`: a feature that is a crate too stands beside its crate.
features = {feature for package, needed in direct for feature in needed["features"]}
verdict("the README says what each crate of the library is for", library - table)
verdict("and names no other", table - library - features)
verdict("each with a reason", (first for first, reason in rows if len(reason.split()) < 2 and reason != "JSON"))
rest = {needed["name"] for _, needed in direct} - library
verdict("the README names what only builds and tests have", rest - crates(section))

defaults = (
    f"{needed['name']} of {package['name']}"
    for package, needed in direct
    if needed["uses_default_features"] and others[needed["name"]]["features"].get("default")
)
verdict("no default features: each one is asked for", defaults)

document = json.loads(sbom)
parts = document["components"]
required = {part["name"] for part in parts if part["scope"] == "required"}
verdict("the SBOM has what is linked", required ^ (set(linked.split()) - {"hyperbolic"}))
verdict("each with a licence", (p["name"] for p in parts if not p["licenses"][0]["expression"]))
bare = (part["name"] for part in parts if part["name"] not in ours and "hashes" not in part)
verdict("and a checksum", bare)
excluded = {part["name"] for part in parts if part["scope"] == "excluded"}
verdict("and what it was built with", {"cbindgen", "cc", "serde_derive"} - excluded)
sys.exit(1 if failures else 0)
