#!/usr/bin/env python3
"""Makes of what abidw says about the library the part that its callers can see, which is a fortieth of it.

    abidw --type-id-style hash ... libhyperbolic.so | python3 tests/abi/reachable.py >tests/abi/baseline.xml

A Rust library's debug information tells of every type in it. What stays are the exported functions and the types that
they reach, in an order of their own, without places in the source: so the file changes where the ABI does.
"""

import sys
import xml.etree.ElementTree as xml

PLACES = ("filepath", "line", "column")


def collect(element, names, types, functions):
    """Everything that is defined in `element`, with the namespaces that it is in: types by id, functions by name."""
    for child in element:
        if child.tag == "namespace-decl":
            collect(child, (*names, child.get("name")), types, functions)
        elif child.tag == "function-decl" and child.get("elf-symbol-id"):
            functions[child.get("name")] = (names, child)
        elif child.get("id"):
            types.setdefault(child.get("id"), (names, child))


def reached(types, functions):
    """The ids of the types that functions name, and that those name, and so on."""
    found, waiting = set(), [function for _, function in functions.values()]
    while waiting:
        for part in waiting.pop().iter():
            name = part.get("type-id")
            if name in types and name not in found:
                found.add(name)
                waiting.append(types[name][1])
    return found


def put(unit, names, element):
    """Into its namespaces, which are made where they are missing."""
    for name in names:
        inside = next((child for child in unit.findall("namespace-decl") if child.get("name") == name), None)
        unit = xml.SubElement(unit, "namespace-decl", {"name": name}) if inside is None else inside
    for part in element.iter():
        for place in PLACES:
            part.attrib.pop(place, None)
    unit.append(element)


corpus = xml.parse(sys.stdin).getroot()
types, functions = {}, {}
for part in corpus.findall("abi-instr"):
    collect(part, (), types, functions)
    corpus.remove(part)
whole = xml.SubElement(corpus, "abi-instr", {"address-size": "64", "path": "src/lib.rs", "language": "LANG_UNKNOWN"})
for name in sorted(reached(types, functions)):
    put(whole, *types[name])
for name in sorted(functions):
    put(whole, *functions[name])
if not functions:
    sys.exit("reachable.py: no exported function in it; was the library built with debug information?")
xml.indent(corpus)
print(xml.tostring(corpus, encoding="unicode"))
