#!/usr/bin/env python3
"""Takes the code blocks of documents apart, so that a compiler can judge each one.

    python3 tests/docs/blocks.py FOLDER DOCUMENT.md...

A fence says what its block is: ```LANGUAGE is a file, ```LANGUAGE body the inside of a function, with the usual objects
at hand (BODIES). Each becomes FOLDER/DOCUMENT-LINE.LANGUAGE, for a compiler that speaks of the document's own lines. A
block of C without an #include gets the usual ones, one of CMake without a project gets one. Prints `ok NAME` or
`not ok NAME: why` for what needs no compiler: a fence that says nothing, a language that nobody compiles.
"""

import json
import pathlib
import re
import sys
from dataclasses import dataclass

# What no compiler has to see: what a program prints, and languages whose blocks a stage runs, as the files that they are.
SHOWN = ("text", "console")
ELSEWHERE = {"python": "documents", "nginx": "nginx", "swift": "swift-package"}
COMPILED = ("c", "cpp", "go", "mod", "sh", "cmake")
STAGES = pathlib.Path(__file__).parent.parent / "stages"

C_HEADERS = "#include <hyperbolic.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
BODIES = {
    "c": (
        C_HEADERS
        + "void piece(hb_options *options, hb_client *client, hb_request *request, hb_queue *queue, hb_conversation *chat,\n"
        "           hb_response *response, hb_error *error, const hb_event *event, hb_status status);\n"
        "void piece(hb_options *options, hb_client *client, hb_request *request, hb_queue *queue, hb_conversation *chat,\n"
        "           hb_response *response, hb_error *error, const hb_event *event, hb_status status) {\n"
        "(void)options; (void)client; (void)request; (void)queue; (void)chat;\n"
        "(void)response; (void)error; (void)event; (void)status;\n",
        "}\n",
    ),
    "cpp": (
        "#include <hyperbolic.hpp>\n#include <cstdio>\n#include <iostream>\n#include <string>\n"
        "void piece(hyperbolic::client &client, hyperbolic::request &request, hyperbolic::queue &queue,\n"
        "           hyperbolic::conversation &chat);\n"
        "void piece(hyperbolic::client &client, hyperbolic::request &request, hyperbolic::queue &queue,\n"
        "           hyperbolic::conversation &chat) {\n(void)client; (void)request; (void)queue; (void)chat;\n",
        "}\n",
    ),
    "go": (
        'package main\n\nimport (\n"context"\n"fmt"\n\n"hyperbolic.example/hyperbolic"\n)\n\nvar _ = fmt.Print\n\n'
        "func main() {}\n\nfunc piece(ctx context.Context, request hyperbolic.Request) error {\n",
        "return nil\n}\n\nvar _ = piece\n",
    ),
}
# How a compiler is told where the next line comes from.
LINE = {"c": '#line {0} "{1}"\n', "cpp": '#line {0} "{1}"\n', "go": "//line {1}:{0}\n"}


@dataclass(frozen=True)
class Block:
    """One block: what its fence says, and where it begins."""

    document: pathlib.Path
    line: int
    language: str
    form: str
    text: str

    def unit(self):
        """A file that a compiler takes."""
        before, after = BODIES[self.language] if self.form == "body" else ("", "")
        if self.language == "c" and not self.form and "#include" not in self.text:
            # A comment alone is no unit in ISO C.
            before, after = C_HEADERS, "\ntypedef int not_empty;\n"
        target = re.search(r"target_link_libraries\((\w+)", self.text)
        if self.language == "cmake" and target and "project(" not in self.text:
            before = f"cmake_minimum_required(VERSION 3.16)\nproject({target[1]} C CXX)\nadd_executable({target[1]} main.c)\n"
        mark = LINE.get(self.language, "").format(self.line + 1, self.document)
        return before + mark + self.text + after

    def fault(self):
        """Why nothing would judge it, or why it is wrong; None if neither."""
        if not self.language:
            return "the fence does not say what it is"
        if self.language == "json":
            try:
                json.loads(self.text)
            except ValueError as problem:
                return str(problem)
        elif self.language in ELSEWHERE:
            if not [*STAGES.glob(f"*-{ELSEWHERE[self.language]}.sh")]:
                return f"there is no stage {ELSEWHERE[self.language]}, which would run it"
        elif self.language not in (*SHOWN, *COMPILED):
            return f"nobody compiles `{self.language}`"
        if self.form and (self.form != "body" or self.language not in BODIES):
            return f"`{self.form}` is nothing that a block of `{self.language}` can be"
        return None


def blocks_of(document):
    """Every block of a document between fences."""
    found = re.finditer(r"^( *)```(\w*)(?: +(\w+))?\n(.*?)^ *```$", document.read_text(encoding="utf-8"), re.M | re.S)
    for match in found:
        line = match.string.count("\n", 0, match.start()) + 1
        text = re.sub(rf"^{match[1]}", "", match[4], flags=re.M)
        yield Block(document, line, match[2], match[3] or "", text)


def main(folder, *documents):
    """Writes the files, and judges the fences."""
    failed = False
    for document in map(pathlib.Path, documents):
        text = document.read_text(encoding="utf-8")
        blocks = [*blocks_of(document)]
        if 2 * len(blocks) != len(re.findall(r"^ *```", text, re.M)):
            print(f"not ok {document}: a fence that cannot be read")
            failed = True
        for block in blocks:
            why = block.fault()
            print(f"not ok {document}:{block.line}: {why}" if why else f"ok {document}:{block.line} {block.language}")
            failed = failed or why is not None
            if block.language in COMPILED:
                name = "-".join([*document.parts[:-1], document.stem, str(block.line)]).strip("./-")
                pathlib.Path(folder, f"{name}.{block.language}").write_text(block.unit(), encoding="utf-8")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
