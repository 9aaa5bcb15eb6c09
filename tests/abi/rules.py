#!/usr/bin/env python3
"""Holds the header to what may cross (A1, A2), to its names (A6) and constants, and symbols.txt to it and the version (A5).

    python3 tests/abi/rules.py include/hyperbolic.h

Prints `ok NAME` or `not ok NAME: why`; exit code 1 if anything is not ok. layout.h and symbols.txt are beside it.
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
from header import functions, plain_type  # noqa: E402

# What other languages agree on with C. Texts and bytes are pointers with a length or a NUL.
NUMBERS = {"int32_t", "uint32_t", "int64_t", "uint64_t", "double", "size_t", "intptr_t", "hb_status", "hb_op"}
BYTES = {"const char *", "const void *", "void *", "const int64_t *"}
CALLBACKS = {"hb_event_fn", "hb_wakeup_fn"}
STRUCT = "hb_event"
# Words that would let something else cross, or make the header depend on who includes it.
FORBIDDEN = ("enum", "union", "bool", "_Bool", "inline", "long", "short", "unsigned", "float", "va_list", "extern")

failures = 0


def verdict(name, faults):
    """One check: passed if there are no faults."""
    global failures
    faults = list(faults)
    failures += bool(faults)
    print(f"not ok {name}: {'; '.join(faults)}" if faults else f"ok {name}")


def code_of(text):
    """The header without comments and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    text = re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", "", text, flags=re.M)
    return text.replace('extern "C" {', "")


def crosses(kind, handles):
    """Whether a type is one that may cross: a number, bytes, a handle, or a place for one of these."""
    if kind in NUMBERS | BYTES | CALLBACKS:
        return True
    target = kind.removesuffix("*").strip()
    if not kind.endswith("*"):
        return False
    return target in NUMBERS or target.removeprefix("const ").removesuffix(" *") in handles


def check_types(code):
    opaque = set(re.findall(r"^typedef struct (\w+) \1;", code, re.M))
    structs = dict(re.findall(r"struct (\w+) \{(.*?)\}", code, re.S))
    verdict("the one struct with fields is hb_event", structs.keys() ^ {STRUCT})
    for function in functions(header):
        kinds = [(function.result, "its result"), *((p.type, p.name) for p in function.parameters)]
        kinds = [kind for kind in kinds if kind != ("void", "its result")]
        handles = opaque | {STRUCT}
        verdict(f"{function.name}: only what may cross", (f"{n} is {k}" for k, n in kinds if not crosses(k, handles)))
    words = re.findall(r"\w+|\.\.\.|:", code)
    verdict("no word that is not allowed", (word for word in (*FORBIDDEN, "...", ":") if word in words))

    fields = re.findall(r"(\w[\w ]*?[ *]+)(\w+);", structs.get(STRUCT, ""))
    plain = [(plain_type(kind), name) for kind, name in fields]
    verdict("hb_event begins with its size", [] if plain[:1] == [("uint32_t", "struct_size")] else plain[:1])
    allowed = NUMBERS | BYTES | {f"const {handle} *" for handle in opaque}
    verdict("hb_event has only what may cross", (f"{name} is {kind}" for kind, name in plain if kind not in allowed))
    placed = re.findall(rf"^AT\({STRUCT}, (\w+),", (here / "layout.h").read_text(), re.M)
    verdict("layout.h has every field of hb_event", {name for _, name in plain} ^ set(placed))


def check_names(code):
    """Whoever includes the header gets names with its prefixes only."""
    macros = re.findall(r"^[ \t]*#[ \t]*define (\w+)", header, re.M)
    verdict("macros begin with HB_ or HYPERBOLIC_", (m for m in macros if not re.match(r"HB_|HYPERBOLIC_", m)))
    types = re.findall(r"typedef [^;{}]*?\b(?:\w+\)\(|(\w+) *;)", code) + re.findall(r"struct (\w+)", code)
    types += re.findall(r"typedef \w+\(HB_CALL \*(\w+)\)", code)
    verdict("types begin with hb_", (t for t in types if t and not t.startswith("hb_")))
    verdict("and there are such types", {"hb_event", "hb_status", "hb_op", *CALLBACKS} - set(types))


def check_constants():
    """Each has its value in constants.c, and the sign of what it is compared with or handed to."""
    constants = re.findall(r"^#define (HB_\w+) (\(?-?\d+u?\)?)$", header, re.M)
    verdict("there are constants", [] if len(constants) > 50 else [f"{len(constants)} only"])
    known = (here.parent / "c" / "constants.c").read_text(encoding="utf-8")
    verdict("constants.c has each of them", (name for name, _ in constants if not re.search(rf'"{name}", {name}\b', known)))
    signed = re.compile(r"HB_(E_\w+|OK|TIMEOUT|WOKEN|CONTINUE|STOP|RETURN)")
    wrong = (name for name, value in constants if bool(signed.fullmatch(name)) == value.endswith("u"))
    verdict("statuses and answers are signed, all else is not", wrong)


def check_symbols():
    lines = [line for line in (here / "symbols.txt").read_text().splitlines() if not line.startswith("#")]
    form = re.compile(r"(hb_\w+) (\d+\.\d+\.\d+)")
    verdict("symbols.txt has a symbol and a version a line", (line for line in lines if not form.fullmatch(line)))
    listed = [line.split(" ")[0] for line in lines]
    verdict("symbols.txt is sorted, each once", [] if listed == sorted(set(listed)) else ["it is not"])
    names = {function.name for function in functions(header)}
    verdict("symbols.txt has what the header declares", names ^ set(listed))
    numbers = [re.search(rf"HYPERBOLIC_VERSION_{part} (\d+)", header)[1] for part in ("MAJOR", "MINOR", "PATCH")]
    later = (line for line in lines if [*map(int, line.split(" ")[1].split("."))] > [*map(int, numbers)])
    verdict("no symbol came in later than this version", later)


here = pathlib.Path(__file__).parent
header = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
check_types(code_of(header))
check_names(code_of(header))
check_constants()
check_symbols()
sys.exit(1 if failures else 0)
