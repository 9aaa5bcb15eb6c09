#!/usr/bin/env python3
"""Writes what libhyperbolic is made of, as CycloneDX 1.6 in JSON, on standard output.

    packaging/sbom.py [TARGET]

Every crate that a build for TARGET (x86_64-unknown-linux-gnu) links or runs, as Cargo.lock pins it, with its licence and
its checksum. What only runs while it is built has the scope "excluded". The same source gives the same bytes.
"""

import json
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
target = sys.argv[1] if len(sys.argv) > 1 else "x86_64-unknown-linux-gnu"


def metadata():
    """What cargo knows of the packages of the lock file, for the target."""
    command = ["cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=root, stdout=subprocess.PIPE, check=True).stdout)


def checksums():
    """The SHA-256 of each package's archive, as the lock file has it."""
    form = re.compile(r'^name = "(.*)"\nversion = "(.*)"\nsource = .*\nchecksum = "(.*)"$', re.M)
    return {(name, version): value for name, version, value in form.findall((root / "Cargo.lock").read_text())}


def reach(nodes, packages, start):
    """The ids of what `start` needs: for building or in the file, and those of them that are in the file."""
    needed, linked = set(), set()
    waiting = [(start, True)]
    while waiting:
        name, ships = waiting.pop()
        # A macro's crate is loaded by the compiler, and so is all that it needs.
        ships = ships and not any("proc-macro" in part["kind"] for part in packages[name]["targets"])
        if name in needed and (not ships or name in linked):
            continue
        needed.add(name)
        if ships:
            linked.add(name)
        for to in nodes[name]["deps"]:
            kinds = {kind["kind"] for kind in to["dep_kinds"]} - {"dev"}
            if kinds:
                waiting.append((to["pkg"], ships and None in kinds))
    return needed, linked


def licence(text):
    """An SPDX expression; cargo takes a slash for OR."""
    return [{"expression": re.sub(r" */ *", " OR ", text)}]


def component(package, sums, scope):
    """One crate."""
    name, version = package["name"], package["version"]
    made = {"type": "library", "bom-ref": reference(package), "name": name, "version": version, "scope": scope}
    made["licenses"] = licence(package["license"])
    if package["source"]:
        made["purl"] = reference(package)
        made["hashes"] = [{"alg": "SHA-256", "content": sums[name, version]}]
    if package["repository"]:
        made["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return made


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def main():
    known, sums = metadata(), checksums()
    packages = {package["id"]: package for package in known["packages"]}
    nodes = {node["id"]: node for node in known["resolve"]["nodes"]}
    start = known["resolve"]["root"]
    needed, linked = reach(nodes, packages, start)
    order = sorted(needed, key=lambda name: reference(packages[name]))
    whole = component(packages[start], sums, "required")
    del whole["scope"]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": whole | {"name": "libhyperbolic"}},
        "components": [
            component(packages[name], sums, "required" if name in linked else "excluded") for name in order if name != start
        ],
        "dependencies": [
            {
                "ref": reference(packages[name]),
                "dependsOn": sorted({reference(packages[to["pkg"]]) for to in nodes[name]["deps"] if to["pkg"] in needed}),
            }
            for name in order
        ],
    }
    print(json.dumps(document, indent=2))


main()
