"""Writes the manual pages: pages.py HEADER VERSION FOLDER.

hbchat.1 is copied. Those of section 3 are made from the header, which is the manual: libhyperbolic(3) has its first
comment and the lists of all that is declared, and each type and function has a page of its own.
"""

import datetime
import os
import pathlib
import re
import sys
import textwrap

header, version, folder = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
moment = os.environ.get("SOURCE_DATE_EPOCH")
today = datetime.datetime.fromtimestamp(int(moment), datetime.timezone.utc) if moment else datetime.datetime.now()
source = header.read_text(encoding="utf-8")

DECLARATION = r"typedef struct \w+ \{.*?\n\} \w+;|(?:#define(?:[^\n]*\\\n)*[^\n]*\n)+|[^;]*;"
DOCUMENTED = re.compile(r"^/\*\*\s(.*?)\n? \*/\n(" + DECLARATION + ")", re.S | re.M)
LABEL = re.compile(r"([A-Z][a-z]+): +(?=\S)")
# What a declaration declares.
DECLARED = [
    ("function", re.compile(r"^HB_API\b.*?\b(hb_\w+)\(", re.S)),
    ("constant", re.compile(r"^#define (\w+(?:\([^)]*\))?) ")),
    ("type", re.compile(r"^typedef .*?\(HB_CALL \*(hb_\w+)\)", re.S)),
    ("type", re.compile(r"^typedef struct \w+ \{.*\} (hb_\w+);", re.S)),
    ("type", re.compile(r"^typedef .*?\b(hb_\w+);", re.S)),
]


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def running(text):
    """Text to be filled: our own names in bold, `code` in italics."""
    text = escaped(" ".join(text.split()))
    text = re.sub(r"`([^`]+)`", r"\\fI\1\\fP", text)
    text = re.sub(r"(?<![\w\\])(hb_\w+)(?![\w.])", r"\\fB\1\\fP", text)
    return "\n".join(re.sub(r"^([.'])", r"\\&\1", line) for line in textwrap.wrap(text, 78, break_on_hyphens=False))


def verbatim(lines):
    return ".RS 4\n.EX\n" + escaped(textwrap.dedent("\n".join(lines))) + "\n.EE\n.RE"


def tagged(tag, text):
    return f".TP\n.B {escaped(tag)}\n{text}"


def failures(lines):
    """`HB_E_NAME  when`, one below the other, the rest of a `when` indented."""
    items = []
    for line in lines:
        item = re.match(r"((?:HB_\w+)(?:, HB_\w+)*)  +(.*)", line)
        if item:
            items.append([item[1], item[2]])
        elif items:
            items[-1][1] += " " + line
        else:
            items.append(["", line])
    return "\n.RS\n" + "\n".join(tagged(code, running(when)) for code, when in items) + "\n.RE"


def labels(lines):
    """`Label:  text`, one below the other, the rest of a text indented."""
    parts = []
    for line in lines:
        label = LABEL.match(line)
        if label:
            parts.append((label[1], [line[label.end():]], label.end()))
        else:
            parts[-1][1].append(line[parts[-1][2]:] if line.startswith(" " * parts[-1][2]) else line.strip())
    out = []
    for label, text, _ in parts:
        coded = re.match(r"HB_\w+.*?  ", text[0])
        out.append(tagged(label, failures(text) if coded else running(" ".join(text))))
    return "\n".join(out)


def paragraphs(lines):
    """Code keeps its empty lines."""
    parts = []
    for part in "\n".join(lines).split("\n\n"):
        if part.startswith("  ") and parts and parts[-1].startswith("  "):
            parts[-1] += "\n\n" + part
        else:
            parts.append(part)
    return parts


def body(lines, headed=False):
    """A comment as a page has it; headed: a paragraph may begin with its subject and a full stop."""
    out = []
    for part in paragraphs(lines):
        rows = part.split("\n")
        subject = re.match(r"([A-Z][a-z]+)\. ", part) if headed else None
        if part.startswith("  "):
            out.append(verbatim(rows))
        elif LABEL.match(part):
            out.append(labels(rows))
        elif subject:
            out.append(f".SS {subject[1]}\n" + running(part[subject.end():]))
        else:
            out.append(".PP\n" + running(part))
    return re.sub(r"^\.PP\n", "", "\n".join(out))


def first_sentence(lines):
    whole = " ".join(" ".join(lines).split("  ")[0].split())
    return re.split(r"(?<=[\w)\"`])[.:;](?: |$)", whole)[0]


def page(name, section, what, parts):
    title = f'.TH {name} {section} {today:%Y-%m-%d} "libhyperbolic {version}" libhyperbolic'
    parts = [("NAME", f"{name} \\- {escaped(what.replace('`', ''))}")] + parts
    text = [title] + [f".SH {head}\n{text}" for head, text in parts]
    (folder / f"man{section}").mkdir(parents=True, exist_ok=True)
    (folder / f"man{section}" / f"{name}.{section}").write_text("\n".join(text) + "\n", encoding="utf-8")


def comment(text):
    return [re.sub(r"^ \* ?", "", line) for line in text.split("\n")]


def field(doc):
    """The comment of a struct's field, as short as it can be."""
    return "/* " + re.sub(r"\n +\* ", "\n     ", doc[1]) + " */"


declared = {"function": [], "constant": [], "type": []}
for text, declaration in DOCUMENTED.findall(source):
    declaration = declaration.strip()
    for kind, pattern in DECLARED:
        found = pattern.match(declaration)
        if found:
            declared[kind].append((found[1], comment(text), declaration))
            break
    else:
        sys.exit(f"pages.py: what is this? {declaration[:200]}")

for kind in ("type", "function"):
    for name, lines, declaration in declared[kind]:
        shown = re.sub(r"/\*\*\s+\* (.*?)\s+\*/", field, re.sub(r"^HB_API\s+", "", declaration), flags=re.S)
        page(name, 3, first_sentence(lines), [
            ("LIBRARY", "libhyperbolic (\\-lhyperbolic)"),
            ("SYNOPSIS", verbatim(["#include <hyperbolic.h>", ""] + shown.split("\n"))),
            ("DESCRIPTION", body(lines)),
            ("SEE ALSO", ".BR libhyperbolic (3)"),
        ])


def listed(kind):
    return "\n".join(tagged(name, running(first_sentence(lines) + ".")) for name, lines, _ in declared[kind])


def constants():
    return "\n".join(tagged(name, running(" ".join(lines))) for name, lines, _ in declared["constant"])


# Without its first words, the file's name, and its last ones, how it is made.
guide = "\n".join(comment(source.split("\n */")[0].removeprefix("/*\n")))
guide = guide.removeprefix("hyperbolic.h: t").split("\n\nMade from")[0]
guide = f"T{guide}".split("\n")
page("libhyperbolic", 3, "text generation for C", [
    ("LIBRARY", "libhyperbolic (\\-lhyperbolic)"),
    ("SYNOPSIS", verbatim(["#include <hyperbolic.h>", "", "cc $(pkg-config --cflags hyperbolic) chat.c "
                           "$(pkg-config --libs hyperbolic)"])),
    ("DESCRIPTION", body(guide, headed=True)),
    ("TYPES", listed("type")),
    ("FUNCTIONS", listed("function")),
    ("CONSTANTS", constants()),
    ("SEE ALSO", ".BR hbchat (1)"),
])

hbchat = (pathlib.Path(__file__).parent / "hbchat.1").read_text(encoding="utf-8")
hbchat = hbchat.replace("@VERSION@", version).replace("@DATE@", f"{today:%Y-%m-%d}")
(folder / "man1").mkdir(parents=True, exist_ok=True)
(folder / "man1" / "hbchat.1").write_text(hbchat, encoding="utf-8")
