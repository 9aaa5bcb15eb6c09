"""links.py SITE HEADER: whether every link inside of a site leads somewhere, and everything that the header declares has a
place in the reference. Prints a verdict for each page, and for the header."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[1] / "abi"))
sys.path.insert(0, str(Path(__file__).parents[2] / "docs/site"))
import reference  # noqa: E402


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.headings = set(), [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        have = dict(attributes)
        if "id" in have:
            self.ids.add(have["id"])
            if tag in ("h2", "a"):
                self.headings.add(have["id"])
        self.links += [have[name] for name in ("href", "src") if have.get(name)]


def broken(site, path, page, pages):
    """The links of a page that lead nowhere."""
    found = []
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        if not target.is_relative_to(site) or not target.exists():
            found.append(link)
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
            found.append(link)
    return found


def main(site, header):
    site = Path(site).resolve()
    pages = {path: Page(path) for path in sorted(site.rglob("*.html")) if path.name != "toc.html"}
    failed = False
    for path, page in pages.items():
        bad = broken(site, path, page, pages)
        failed |= bool(bad)
        name = path.relative_to(site)
        print(f"not ok links of {name}: {', '.join(bad)}" if bad else f"ok links of {name}")
    described = set().union(*(page.headings for path, page in pages.items() if path.parent == site / "reference"))
    declared = [item.name for item in reference.items_of(Path(header).read_text(encoding="utf-8"))]
    missing = [name for name in declared if name not in described]
    failed |= bool(missing) or len(declared) < 300
    print(f"not ok the reference has all: {', '.join(missing[:9])} are not there" if missing else f"ok the reference has all {len(declared)} names")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
