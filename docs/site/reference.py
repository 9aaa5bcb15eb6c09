"""The reference: the header, cut into pages, one for each kind of thing. Nothing is said here that it does not say."""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[2] / "tests/abi"))
from header import functions, plain_comment  # noqa: E402

# Page, title, and what the names of its functions, types and constants begin with. The longest beginning wins.
GROUPS = (
    ("settings", "Settings", "hb_options hb_options_ HB_LIMIT_ HB_REPLAY_ HB_TIER_"),
    ("client", "Clients", "hb_client hb_client_ HB_COUNT_ hb_request_estimate"),
    ("request", "Requests", "hb_request hb_request_"),
    ("call", "Calls", "hb_chat hb_complete hb_models hb_start hb_cancel hb_hold hb_op"),
    ("event", "Events", "hb_event HB_EVENT_ HB_CONTINUE HB_STOP HB_RETURN"),
    ("queue", "Queues", "hb_queue hb_queue_ hb_wakeup_fn"),
    ("response", "Responses", "hb_response hb_response_"),
    ("error", "Statuses and errors", "hb_status hb_error hb_error_ HB_OK HB_TIMEOUT HB_WOKEN HB_E_"),
    ("conversation", "Conversations", "hb_conversation hb_conversation_ HB_SAVE_"),
    ("model", "Models", "hb_catalog hb_client_model_list hb_model_list hb_response_models"),
    ("usage", "Usage", "hb_usage hb_client_usage"),
    ("log", "Logs", "hb_log hb_client_take_log hb_options_set_log_ HB_LOG_"),
    ("text", "Texts and JSON", "hb_text hb_json_ HB_NUL"),
    ("library", "The library itself", "hb_abi_version hb_library_version hb_shutdown HYPERBOLIC_ HB_API HB_CALL"),
)
LABEL = re.compile(r"(Ownership|Thread|Blocks|Fails|When|Data|Answer|Leaving|Managed):\s+")
LONGEST_SIGNATURE = 60


@dataclass
class Item:
    name: str
    kind: str  # function, type or constant
    code: str
    comment: str
    members: list = field(default_factory=list)


class Homeless(Exception):
    """A name of the header that no page takes."""


def page_of(name):
    fitting = [(len(start), page) for page, _, starts in GROUPS for start in starts.split() if name.startswith(start)]
    if not fitting:
        raise Homeless(f"{name} belongs to no page of docs/site/reference.py")
    return max(fitting)[1]


def items_of(header):
    """Everything that the header declares and describes, in its order."""
    pattern = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*(.*?)(?=\n\s*\n|\Z)", re.S)
    exported = {function.name for function in functions(header)}
    found = []
    for match in pattern.finditer(header):
        comment, code = plain_comment(match[1]), match[2].strip()
        if code.startswith("#define"):
            names = re.findall(r"#define (\w+)", code)
            found.append(Item(names[0], "constant", code, comment))
        elif re.match(r"typedef struct (\w+) \{", code):
            begin = header.index(code)
            whole = header[begin : header.index("\n} ", begin)]
            members = [
                (re.search(r"(\w+);$", member)[1], plain_comment(text), " ".join(member.split()))
                for text, member in re.findall(r"/\*\*((?:(?!\*/).)*)\*/\s*([^;/]*;)", whole, re.S)
            ]
            name = re.match(r"typedef struct (\w+)", code)[1]
            struct = "\n".join(["typedef struct {0} {{".format(name)] + ["  " + m for _, _, m in members] + ["} %s;" % name])
            found.append(Item(name, "type", struct, comment, members))
        elif code.startswith("typedef"):
            name = re.search(r"\(HB_CALL \*(\w+)\)|(\w+);", code)
            found.append(Item(name[1] or name[2], "type", code.split("\n#")[0], comment))
        elif code.startswith("HB_API"):
            name = re.search(r"(\w+)\s*\(", code)[1]
            found.append(Item(name, "function", signature(code), comment))
            exported.discard(name)
    if exported:
        raise Homeless(f"not read: {', '.join(sorted(exported))}")
    return found


def signature(code):
    """A declaration as narrow as it may be: in one line, or a parameter a line."""
    plain = " ".join(re.sub(r"^HB_API\s+|\bstruct\s+", "", code).split())
    if len(plain) <= LONGEST_SIGNATURE:
        return plain
    head, parameters = plain.removesuffix(");").split("(")
    return head + "(\n    " + ",\n    ".join(parameters.split(", ")) + ");"


def labels_to_list(lines):
    """`Thread:    any.` and what follows it, indented, as items; a status and what it means as items below."""
    out, column, has_statuses = [], 0, False
    for line in lines:
        label = LABEL.match(line)
        if label:
            column, has_statuses = label.end(), False
            out.append(f"- **{label[1]}**")
        line = line[column:] if label or not line[:column].strip() else line.strip()
        status = re.match(r"(HB_\w+)\s{2,}(.*)", line)
        if status:
            out.append(f"  - `{status[1]}` {escaped(status[2])}")
        elif has_statuses and not line.startswith(" "):
            out.append(f"  - {escaped(line)}")
        else:
            out[-1] += " " + escaped(line.strip())
        has_statuses |= bool(status)
    return out


def to_markdown(comment):
    """A comment of the header. What is indented stays as it is; labels become a list."""
    out = []
    for paragraph in comment.split("\n\n"):
        lines = paragraph.splitlines()
        if LABEL.match(lines[0]):
            out.append("\n".join(labels_to_list(lines)))
        elif any(line.startswith("  ") for line in lines):
            text, rest = [], list(lines)
            while rest:
                indented = rest[0].startswith("  ")
                part = []
                while rest and rest[0].startswith("  ") == indented:
                    part.append(rest.pop(0))
                text.append("```text\n" + "\n".join(part) + "\n```" if indented else escaped("\n".join(part)))
            out.append("\n\n".join(text))
        else:
            out.append(escaped("\n".join(lines)))
    return "\n\n".join(out)


def escaped(text):
    """Bare names become code, what Markdown would take for a mark becomes text."""
    name = r'(?<!["\w])((?:hb_|HB_)\w*[A-Za-z0-9])\b(?!\.h)'
    parts = re.split(r"(`[^`]*`)", re.sub(rf"(`[^`]*`)|{name}", lambda m: m[1] or f"`{m[2]}`", text))
    return "".join(part if at % 2 else re.sub(r"([*_<>\[\]|])", r"\\\1", part) for at, part in enumerate(parts))


def section(item):
    parts = [f"## {item.name}", f"```c\n{item.code}\n```", to_markdown(item.comment)]
    if item.members:
        rows = [f"- `{name}`: {escaped(' '.join(text.split()))}" for name, text, _ in item.members]
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def constants_list(items):
    """A constant, its value and what it means, an item each; those of one comment, such as a version, after one another."""
    out = []
    for item in items:
        for name, value in re.findall(r"#define (\w+)(?:\([^)]*\))?[ \t]*(.*)", item.code):
            value = value.strip("()") if value.startswith("(-") else value
            out.append(f'- <a id="{name}"></a>`{name}`' + (f" = `{value}`" if value else ""))
        out[-1] += f": {escaped(' '.join(item.comment.split()))}"
    return "\n".join(out)


def opening(header):
    """The first page of the header: its program, then the rules behind everything."""
    text = plain_comment(header[header.index("/*") + 2 : header.index("*/")])
    text = text.removesuffix("Made from the library's source by cbindgen; changes belong there.").strip()
    program = re.search(r"(?:^  .*\n|^\n(?=  ))+", text, re.M)
    code = "\n".join(line[2:] for line in program[0].strip("\n").splitlines())
    rules = text[program.end() :].strip()
    # `Threads. The library ...` begins a rule.
    rules = re.sub(r"^([A-Z]\w+)\. ", r"**\1.** ", escaped(rules), flags=re.M)
    return f"{escaped(text[: program.start()].strip())}\n\n```c\n{code}\n```\n\n{rules}\n"


def pages(header):
    """Path below `reference` and text of each page, in order; and where each name is described."""
    items = items_of(header)
    where = {item.name: f"{page_of(item.name)}.md" for item in items}
    made = []
    index = ["# The header", opening(header), "| Page | Has |", "|---|---|"]
    for page, title, _ in GROUPS:
        own = [item for item in items if page_of(item.name) == page]
        functions_of, types = ([i for i in own if i.kind == kind] for kind in ("function", "type"))
        constants = [i for i in own if i.kind == "constant"]
        parts = [f"# {title}", " · ".join(f"[`{item.name}`](#{item.name})" for item in types + functions_of)]
        parts += [section(item) for item in types]
        if constants:
            parts += ["## Constants" if types or functions_of else "", constants_list(constants)]
        parts += [section(item) for item in functions_of]
        made.append((f"{page}.md", title, "\n\n".join(parts) + "\n"))
        names = ", ".join(f"[`{item.name}`]({page}.md#{item.name})" for item in types + functions_of)
        index.append(f"| [{title}]({page}.md) | {names or 'constants'} |")
    # Each macro of a block has a place of its own.
    for item in items:
        if item.kind == "constant":
            for name in re.findall(r"#define (\w+)", item.code):
                where[name] = where[item.name]
    return [("index.md", "The header", "\n".join(index[:2]) + "\n\n" + "\n".join(index[2:]) + "\n")] + made, where
