#!/usr/bin/env python3
"""Holds the header to being the manual (A7), and its program to compiling.

    python3 tests/abi/documented.py include/hyperbolic.h

Prints `ok NAME` or `not ok NAME: why`; exit code 1 if anything is not ok. The compilers are `cc` and `c++`.
"""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from header import Unreadable, functions  # noqa: E402

LONGEST_LINE = 120
# "In under 25 lines" is what the first page promises.
FIRST_PROGRAM_LINES = 24
# The function's text answers these in one of two forms: a block of labels, or, for a getter, one sentence.
LABELS = ("Thread:", "Blocks:", "Fails:")
SENTENCE = re.compile(r"\b(any thread|one thread at a time); never blocks; (.+?)(\.|$)", re.I | re.S)

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")

failures = 0


def verdict(name, why=None):
    global failures
    failures += why is not None
    print(f"ok {name}" if why is None else f"not ok {name}: {why}")


def hands_over(function):
    """Whether something passes to the other side: an object, a text, or memory that must stay."""
    if function.name == "hb_cancel" or function.name.endswith("_close"):
        return False
    takes = function.name.endswith("_free")
    gives = function.result.endswith("*")
    texts = any(p.type in ("const char *", "const int64_t *") for p in function.parameters)
    outs = any(p.type.endswith("**") and p.name != "error" for p in function.parameters)
    return takes or gives or texts or outs


def missing(function):
    """What the comment of a function does not say; None if it says everything."""
    comment = function.comment
    if not comment:
        return "has no comment"
    sentence = SENTENCE.search(comment)
    if sentence:
        if hands_over(function) and not re.search(r"^(Borrowed|Static)\b", comment, re.M):
            return "does not say whose the answer is"
        takes_pointer = any(p.is_pointer() for p in function.parameters)
        return None if not takes_pointer or "for NULL" in sentence[2] else "does not say what it answers for NULL"
    for label in LABELS:
        if not re.search(rf"^{label}\s+\S", comment, re.M):
            return f"does not say `{label}`"
    if hands_over(function) and not re.search(r"^Ownership:\s+\S", comment, re.M):
        return "does not say `Ownership:`"
    fails = comment[comment.index("Fails:") :]
    if function.result == "hb_status" and not re.search(r"\bHB_E_\w+|\bas hb_\w+", fails):
        return "names no status under `Fails:`"
    # What stands in quotes is a text that a function answers.
    unknown = [name for name in re.findall(r'(?<!")\bHB_\w*[A-Z0-9]\b', comment) if name not in constants]
    return f"names {unknown[0]}, which is not there" if unknown else None


def compiles(name, program):
    """In C99 and C++17, without a warning."""
    with tempfile.TemporaryDirectory() as folder:
        for compiler in (["cc", "-std=c99"], ["c++", "-std=c++17", "-x", "c++"]):
            source = os.path.join(folder, "program.c")
            with open(source, "w", encoding="utf-8") as file:
                file.write(program)
            command = [*compiler, *WARNINGS, "-I", include, "-c", source, "-o", os.devnull]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            print(result.stderr, end="", file=sys.stderr)
            verdict(f"{name} compiles with {compiler[0]}", None if result.returncode == 0 else "see standard error")


def first_program(text):
    """The program on the first page: the indented lines from the first #include to the brace that ends it."""
    page = text[: text.index("*/")]
    found = re.search(r"^ \*   #include.*?^ \*   \}$", page, re.S | re.M)
    if not found:
        return None
    return "".join(line[5:].rstrip() + "\n" for line in found[0].splitlines())


def check_header(text):
    lines = text.splitlines()
    long = [number for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE]
    verdict(f"lines have at most {LONGEST_LINE} characters", f"lines {long}" if long else None)
    strange = [number for number, line in enumerate(lines, 1) if not line.isascii()]
    verdict("ASCII only", f"lines {strange}" if strange else None)
    for function in functions(text):
        verdict(function.name, missing(function))

    program = first_program(text)
    verdict("the first page has a program", None if program else "no indented code that begins with #include")
    if program:
        count = len(program.splitlines())
        verdict(f"it has at most {FIRST_PROGRAM_LINES} lines",
                None if count <= FIRST_PROGRAM_LINES else f"it has {count}")
        compiles("the first page's program", program)
    # Any other code would be compiled by nobody.
    code = [line for line in text[text.index("*/") :].splitlines() if re.match(r"^ *\* {2,}.*[;{}]$", line)]
    verdict("there is no code in other comments", f"`{code[0].strip()}`" if code else None)


if len(sys.argv) != 2:
    sys.exit("usage: documented.py HEADER")
include = os.path.dirname(sys.argv[1])
with open(sys.argv[1], encoding="utf-8") as header:
    header_text = header.read()
constants = set(re.findall(r"#define (HB_\w+)", header_text))
try:
    check_header(header_text)
except Unreadable as problem:
    verdict("the header can be read", str(problem))
sys.exit(1 if failures else 0)
