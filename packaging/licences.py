"""licences.py: prints the licences of the crates that are in the library, which ask to be shown with it.

It reads what `cargo metadata` prints, for one system, from standard input.
"""

import json
import pathlib
import sys

metadata = json.load(sys.stdin)
packages = {package["id"]: package for package in metadata["packages"]}
needs = {node["id"]: [need["pkg"] for need in node["deps"] if any(kind["kind"] is None for kind in need["dep_kinds"])]
         for node in metadata["resolve"]["nodes"]}

inside, waiting = set(), [metadata["resolve"]["root"]]
while waiting:
    package = waiting.pop()
    if package not in inside:
        inside.add(package)
        waiting += needs[package]

texts = {}
for package in sorted((packages[package] for package in inside), key=lambda package: package["name"]):
    if package["source"] is None:
        continue  # our own
    name = f"{package['name']} {package['version']} ({package['license']})"
    folder = pathlib.Path(package["manifest_path"]).parent
    found = [path for path in sorted(folder.iterdir())
             if path.is_file() and path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"))]
    for path in found:
        texts.setdefault(path.read_text(encoding="utf-8").strip(), []).append(name)
    if not found:
        texts.setdefault("(It comes without the text of its licence.)", []).append(name)

print("The library contains code of these crates, under these licences.")
for text, names in texts.items():
    print("\n" + "-" * 100 + "\n\n" + "\n".join(names) + "\n\n" + text)
