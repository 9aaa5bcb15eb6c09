"""programs.py DOCUMENT... LANGUAGE FOLDER: writes each whole program among the documents' code blocks into a file.

A block is a whole program if it has a main, and always in Python (py) and in nginx; the others are pieces of one. Those
of README.md become FOLDER/readme-1.LANGUAGE and so on; documents of one name are numbered through."""

import collections
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "docs"))
from blocks import blocks_of  # noqa: E402

WHOLE = ("py", "nginx")
# What a fence says, where files end otherwise.
NAMES = {"py": "python"}

*documents, language, folder = sys.argv[1:]
numbers = collections.Counter()
for document in map(pathlib.Path, documents):
    for block in blocks_of(document):
        if block.language != NAMES.get(language, language) or block.form:
            continue
        if language in WHOLE or re.search(r"\bmain\b", block.text):
            name = document.stem.lower()
            numbers[name] += 1
            pathlib.Path(folder, f"{name}-{numbers[name]}.{language}").write_text(block.text, encoding="utf-8")
if not numbers:
    sys.exit(f"no program in {' '.join(documents)}")
