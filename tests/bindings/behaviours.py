"""behaviours.py FOLDER: whether each binding in FOLDER tests every behaviour of its behaviours.md by its name."""

import pathlib
import re
import sys


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def lower_camel(name: str) -> str:
    return camel(name)[0].lower() + camel(name)[1:]


# Of each binding: where its tests are, and what begins the test of a name.
BINDINGS = {
    "cpp": ("tests/**/*.cpp", lambda name: rf"^TEST\({name}\)"),
    "go": ("**/*_test.go", lambda name: rf"^func Test{camel(name)}\("),
    "swift": ("Tests/**/*.swift", lambda name: rf"\bfunc (?:{lower_camel(name)}|test{camel(name)})\("),
}


def main(folder: pathlib.Path) -> int:
    table = (folder / "behaviours.md").read_text(encoding="utf-8").split("\nHow a name is written")[0]
    names = re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)
    failures = 0

    def check(good: bool, what: str, why: str) -> None:
        nonlocal failures
        failures += not good
        print(f"ok {what}" if good else f"not ok {what}: {why}")

    check(len(names) >= 10 and len(set(names)) == len(names), "the list", f"has {len(names)} names")
    found = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    check(found == sorted(BINDINGS), "bindings", f"are {found}, and behaviours.py knows {sorted(BINDINGS)}")
    for binding, (files, pattern) in BINDINGS.items():
        tests = "\n".join(file.read_text(encoding="utf-8") for file in sorted((folder / binding).glob(files)))
        for name in names:
            check(re.search(pattern(name), tests, re.MULTILINE) is not None, f"{binding}: {name}", "has no test")
    return 1 if failures else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
