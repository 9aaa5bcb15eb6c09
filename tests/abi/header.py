"""What a C header declares: its functions with their parameters and comments. For the scripts beside this one."""

import re
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    type: str
    name: str

    def is_pointer(self):
        return self.type.endswith("*") or self.type in ("hb_event_fn", "hb_wakeup_fn")


@dataclass(frozen=True)
class Function:
    result: str
    name: str
    parameters: tuple
    comment: str
    line: int

    def parameter_after(self, parameter):
        following = self.parameters[self.parameters.index(parameter) + 1 :]
        return following[0] if following else None


class Unreadable(Exception):
    """Something that these scripts cannot judge."""


def plain_type(text):
    """A type as one word and its stars: `const struct hb_error *` is `const hb_error *`."""
    words = re.sub(r"\bstruct\s+", "", text)
    stars = words.count("*")
    return " ".join(words.replace("*", " ").split()) + (" " + "*" * stars if stars else "")


def plain_comment(text):
    """A comment without its stars. What is indented in it stays so."""
    lines = (line.strip().removeprefix("*").removeprefix(" ").rstrip() for line in text.splitlines())
    return "\n".join(lines).strip()


def parameters_of(text, name):
    if text.strip() in ("void", ""):
        return ()
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"(.*?[\s*])(\w+)", part.strip(), re.S)
        if not match:
            raise Unreadable(f"{name}: the parameter `{part.strip()}` cannot be read")
        found.append(Parameter(plain_type(match[1]), match[2]))
    return tuple(found)


def functions(text):
    """Every function that the header exports, in its order."""
    found = []
    pattern = re.compile(r"(?:/\*\*(?P<comment>(?:(?!\*/).)*)\*/\s*)?^HB_API\s+(?P<rest>[^;]*);", re.S | re.M)
    for match in pattern.finditer(text):
        declared = re.fullmatch(r"(.*?[\s*])(\w+)\s*\(([^()]*)\)", match["rest"].strip(), re.S)
        line = text.count("\n", 0, match.start("rest")) + 1
        if not declared:
            raise Unreadable(f"line {line}: the declaration `{match['rest'].strip()}` cannot be read")
        comment = plain_comment(match["comment"] or "")
        result, name, parameters = plain_type(declared[1]), declared[2], parameters_of(declared[3], declared[2])
        found.append(Function(result, name, parameters, comment, line))
    if not found:
        raise Unreadable("no function in it")
    # A declaration without HB_API would be seen by nobody.
    bare = re.sub(r"/\*.*?\*/|^[ \t]*#.*?$", "", text, flags=re.S | re.M)
    for name in re.findall(r"\b(hb_\w+)\s*\(", bare):
        if name not in {function.name for function in found}:
            raise Unreadable(f"{name}: declared without HB_API")
    return found


if __name__ == "__main__":  # header.py HEADER: the names of its functions, sorted
    with open(sys.argv[1], encoding="utf-8") as header:
        print("\n".join(sorted(function.name for function in functions(header.read()))))
