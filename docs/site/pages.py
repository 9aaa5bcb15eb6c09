"""Lays out what mdbook reads: pages.py FOLDER.

Its folder src mirrors the repository, so that a link between two documents is right in both. docs/SUMMARY.md says which pages
there are. A file that a page links to and that is no document becomes a page too, with its text in it; so does what
those link to. The word `hb_chat` in a document leads to its place in the reference."""

import os
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import reference  # noqa: E402

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(\[(?:[^\[\]]|\[[^\]]*\])*\]\()([^)\s]+)(\))")
FENCE = re.compile(r"(^```.*?^```$)", re.M | re.S)
LANGUAGES = {".h": "c", ".c": "c", ".py": "python", ".rs": "rust", ".lua": "lua", ".cpp": "cpp", ".hpp": "cpp", ".go": "go", ".swift": "swift"}
PICTURES = (".png", ".svg", ".jpg")


class Broken(Exception):
    """A document that cannot become a page."""


def outside_code(text, change):
    """Applies `change` to what is no code block."""
    parts = FENCE.split(text)
    return "".join(part if at % 2 else change(part) for at, part in enumerate(parts))


def page_for(path):
    """What a path of the repository is in the book: a document itself, of a folder its README, else a page made of it."""
    if (ROOT / path).is_dir():
        path = f"{path}/README.md"
    page = path if path.endswith((".md", *PICTURES)) else f"{path}.md"
    return re.sub(r"\bREADME\.md$", "index.md", page)


def text_of(path):
    """The text of the page for `path`."""
    source = ROOT / path
    if source.is_dir():
        if (source / "README.md").exists():
            return (source / "README.md").read_text(encoding="utf-8")
        files = sorted(file.name for file in source.iterdir() if file.is_file() and file.name[0] != ".")
        return f"# {path}\n\n" + "\n".join(f"- [{name}]({name})" for name in files) + "\n"
    text = source.read_text(encoding="utf-8")
    if path.endswith(".md"):
        return text
    language = LANGUAGES.get(source.suffix, "sh" if text.startswith("#!/usr/bin/env bash") else "text")
    return f"# {path}\n\n`````{language}\n{text.rstrip()}\n`````\n"


class Book:
    def __init__(self, folder):
        self.folder = folder / "src"
        header = (ROOT / "include/hyperbolic.h").read_text(encoding="utf-8")
        self.reference, self.where = reference.pages(header)
        self.written, self.waiting, self.titles = set(), [], {}

    def link(self, page, target):
        """A link in `page`, as the book has it. What it leads to is a page from now on."""
        if re.match(r"[a-z]+:|#", target):
            return target
        path, _, anchor = target.partition("#")
        wanted = os.path.normpath(os.path.join(os.path.dirname(page), path))
        if wanted.startswith("reference/"):
            return target
        if not (ROOT / wanted).exists():
            raise Broken(f"{page}: {target} is not there")
        self.waiting.append(wanted)
        made = os.path.relpath(page_for(wanted), os.path.dirname(page) or ".")
        return made + ("#" + anchor if anchor else "")

    def lead_to_reference(self, page, text):
        """Names of the header in code become links, but for those in a heading or in a link."""
        up = os.path.relpath("reference", os.path.dirname(page) or ".")

        def replace(match):
            name = re.match(r"`(\w+)(?:\(.*\))?`$", match[0])
            if not name or not re.fullmatch(r"(hb_|HB_)\w*[A-Za-z0-9]", name[1]):
                return match[0]
            if name[1] not in self.where:
                # The tests have variables that begin like constants.
                if re.match(r"HB_(?!E_|EVENT_)", name[1]):
                    return match[0]
                raise Broken(f"{page}: the header has no {name[1]}")
            return f"[{match[0]}]({up}/{self.where[name[1]]}#{name[1]})"

        lines = []
        for line in text.split("\n"):
            if not line.startswith("#"):
                parts = re.split(r"(\[(?:[^\[\]]|\[[^\]]*\])*\]\([^)]*\)|<a id=[^>]*></a>`[^`]*`)", line)
                line = "".join(p if at % 2 else re.sub(r"`[^`\n]+`", replace, p) for at, p in enumerate(parts))
            lines.append(line)
        return "\n".join(lines)

    def write(self, page, text):
        def change(part):
            part = LINK.sub(lambda m: m[1] + self.link(page, m[2]) + m[3], part)
            return self.lead_to_reference(page, part)

        title = re.search(r"^# (.*)", text, re.M)
        self.titles[page] = title[1] if title else page
        # A file that is shown has five backquotes around it and no links.
        text = text if "\n`````" in text else outside_code(text, change)
        target = self.folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def add(self, path):
        page = page_for(path)
        if page in self.written:
            return
        self.written.add(page)
        if path.endswith(PICTURES):
            (self.folder / page).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / page).write_bytes((ROOT / path).read_bytes())
        else:
            self.write(page, text_of(path))

    def add_reference(self):
        lines = []
        for name, title, text in self.reference:
            page = f"reference/{name}"
            self.write(page, text)
            self.written.add(page)
            lines.append(f"{'' if name == 'index.md' else '  '}- [{title}]({page})")
        return lines

    def make(self):
        summary = []
        for line in (ROOT / "docs/SUMMARY.md").read_text(encoding="utf-8").splitlines():
            entry = re.match(r"(.*)\[(.*)\]\((.*)\)$", line)
            if entry and entry[3] == "reference":
                summary += self.add_reference()
            elif entry and entry[3] == "files":
                summary += self.make_files(entry[2])
            elif entry:
                path = os.path.normpath(os.path.join("docs", entry[3]))
                self.add(path)
                summary.append(f"{entry[1]}[{entry[2]}]({page_for(path)})")
            else:
                summary.append(line)
        (self.folder / "SUMMARY.md").write_text("\n".join(summary) + "\n", encoding="utf-8")

    def make_files(self, title):
        """What the pages so far link to and what is no page of its own, and what that links to."""
        named = set(self.written)
        while self.waiting:
            self.add(self.waiting.pop())
        files = sorted(page for page in self.written - named if page.endswith(".md"))
        self.write("files.md", f"# {title}\n\nFiles of the repository that these pages speak of.\n")
        # What they say would find itself in every search.
        unsearched = "".join(f'"{page}" = {{ enable = false }}\n' for page in files)
        settings = (ROOT / "docs/site/book.toml").read_text(encoding="utf-8")
        settings += f"\n[output.html.search.chapter]\n{unsearched}"
        (self.folder.parent / "book.toml").write_text(settings, encoding="utf-8")
        return [f"- [{title}](files.md)"] + [f"  - [{self.titles[page]}]({page})" for page in files]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        Book(Path(sys.argv[1])).make()
    except (Broken, reference.Homeless) as problem:
        sys.exit(f"docs/build: {problem}")
