"""programs.py README LANGUAGE FOLDER: writes each whole program among the README's code blocks into FOLDER/readme-N.LANGUAGE.

A block is a whole program if it has a main; the others are pieces of one."""

import pathlib
import re
import sys

readme, language, folder = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
blocks = re.findall(rf"^```{language}\n(.*?)^```$", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
programs = [block for block in blocks if re.search(r"\bmain\b", block)]
if not programs:
    sys.exit(f"{readme} has no program")
for number, program in enumerate(programs, 1):
    (folder / f"readme-{number}.{language}").write_text(program, encoding="utf-8")
