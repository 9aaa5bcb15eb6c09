"""widths.py SITE PIXELS: whether any page of a site must be scrolled sideways where it has so many pixels. A browser lays
each out in a frame of that width. Prints a verdict a page."""

import functools
import html
import http.server
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

# The frames are of one origin with the page around them, which therefore may look inside.
LOOKER = """<!doctype html><pre id="widths"></pre><script>
const pages = %s, frame = document.createElement("iframe"), out = document.getElementById("widths");
frame.style = "width:%dpx;height:800px;border:0";
document.body.append(frame);
frame.onload = () => {
  if (frame.contentWindow.location.pathname !== "/" + pages[0]) return;
  const page = frame.contentDocument.scrollingElement;
  out.textContent += pages.shift() + " " + page.scrollWidth + " " + page.clientWidth + "\\n";
  if (pages.length) frame.src = "/" + pages[0];
};
frame.src = "/" + pages[0];
</script>"""


class Handler(http.server.SimpleHTTPRequestHandler):
    looker = b""

    def do_GET(self):
        if self.path != "/looker":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        return self.wfile.write(self.looker)

    def log_message(self, *_):
        pass


def main(site, pixels):
    names = sorted(str(path.relative_to(site)) for path in Path(site).rglob("*.html") if path.name != "toc.html")
    Handler.looker = (LOOKER % (names, int(pixels))).encode()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                   f"--user-data-dir={profile}",
                   "--virtual-time-budget=600000", "--dump-dom", f"http://127.0.0.1:{server.server_port}/looker"]
        seen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    server.shutdown()
    rows = re.search(r'<pre id="widths">(.*?)</pre>', seen, re.S)
    widths = {name: (int(page), int(frame)) for name, page, frame in
              (line.rsplit(" ", 2) for line in html.unescape(rows[1]).splitlines())}
    failed = False
    for name in names:
        page, frame = widths.get(name, (0, 0))
        good = 0 < page <= frame == int(pixels)
        failed |= not good
        print(f"ok {name} is {pixels} px wide" if good else f"not ok {name}: {page} px in a frame of {frame}")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
