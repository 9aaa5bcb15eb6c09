"""sizes.py MAP prints what the linker put into a library, as a table: bytes of code by crate, and of all else by section.
sizes.py MAP TABLE prints how that differs from a table, the largest growth first; with a third argument, the size of the
file, it fails if the table's total is more than a twentieth away from it."""

import re
import sys


def part_of(inside, section):
    """Where code comes from: the crate in its name, or, of C, the archive that it is in."""
    archive = re.search(r"lib([a-z0-9_]+?)-[0-9a-f]+\.[^:]*:", inside)
    mangled = re.search(r":\(\.text\.(?:unlikely\.|hot\.)?(_ZN|_R)(.*)\)$", inside)
    if mangled and mangled[1] == "_ZN":
        size, rest = re.match(r"(\d+)(.*)", mangled[2]).groups()
        path = rest[:int(size)]
        # `<hyperbolic_core::client::Client as Trait>`: the first crate that it names.
        named = re.search(r"([a-z][a-z0-9_]*)\.\.", path)
        return named[1] if named else path
    if mangled:
        crate = re.search(r"Cs[0-9A-Za-z]+_(\d+)(\w+)", mangled[2])
        return crate[2].lstrip("_")[:int(crate[1])] if crate else "other"
    if ":(.text.hb_" in inside:
        return "hyperbolic"
    return archive[1] if archive else "other"


def measured(path):
    """The table of a map that lld wrote: address, load address, size, alignment, and a name, indented by its depth."""
    table, section = {}, ""
    for line in open(path, encoding="utf-8", errors="replace").readlines()[1:]:
        size, rest = int(line[34:43], 16), line[49:].rstrip("\n")
        address = int(line[:16], 16)
        if not rest.startswith(" "):
            section = rest
            if section != ".text" and address and section not in (".bss", ".tbss", ".relro_padding"):
                table[f"section {section}"] = table.get(f"section {section}", 0) + size
        elif rest.startswith("        ") and not rest.startswith("         ") and section == ".text":
            name = part_of(rest.strip(), section)
            table[name] = table.get(name, 0) + size
    few = {name: size for name, size in table.items() if size >= 2048}
    few["all the rest"] = sum(size for size in table.values() if size < 2048)
    return few


now = measured(sys.argv[1])
if len(sys.argv) == 2:
    for name, size in sorted(now.items(), key=lambda item: (-item[1], item[0])):
        print(f"{size:8} {name}")
    sys.exit()

then = {name: int(size) for size, name in (line.strip().split(" ", 1) for line in open(sys.argv[2], encoding="utf-8"))}
grown = {name: now.get(name, 0) - then.get(name, 0) for name in now.keys() | then.keys()}
for name, more in sorted(grown.items(), key=lambda item: -item[1]):
    if more:
        print(f"{more:+8} {name}, from {then.get(name, 0)} to {now.get(name, 0)}")
print(f"{sum(then.values())} bytes in the table, {sum(now.values())} now")
if len(sys.argv) > 3:
    sys.exit(abs(sum(then.values()) - int(sys.argv[3])) > int(sys.argv[3]) / 20)
