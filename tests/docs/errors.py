"""errors.py ERRORS.md HEADER: whether the table of statuses has every status of the header, with its number and in its
words. Prints a verdict a status."""

import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[1] / "abi"))
from header import plain_comment  # noqa: E402

STATUS = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*#define (HB_(?:OK|TIMEOUT|WOKEN|E_\w+)) \(?(-?\d+)\)?", re.S)


def main(document, header):
    declared = {
        name: (number, " ".join(plain_comment(comment).split()))
        for comment, name, number in STATUS.findall(Path(header).read_text(encoding="utf-8"))
    }
    row = re.compile(r"^\| `(HB_\w+)` (-?\d+) \| (.*?) \| (?:(again|not again) )?\| (.+?) \|$", re.M)
    rows = row.findall(Path(document).read_text(encoding="utf-8"))
    table = {name: (number, means) for name, number, means, _, _ in rows}
    failed = list(declared) != list(table) or len(declared) < 20
    name = "the statuses of the header, in its order"
    print(f"not ok {name}: {len(declared)}, {len(table)} in the table" if failed else f"ok {name}")
    for name, wanted in declared.items():
        good = table.get(name) == wanted
        failed |= not good
        print(f"ok {name}" if good else f"not ok {name}: the header says {wanted}, the table {table.get(name)}")
    for name, _, _, again, _ in rows:
        if bool(again) != name.startswith("HB_E_"):
            failed = True
            print(f"not ok {name}: `{again}` under Again")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
