"""From what was measured to what people see: show.py MEASURED README IMAGES. Rewrites the marked block and the plots."""
import json
import sys
import time

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend is chosen before)

BEGIN, END = "<!-- benches/run begins -->", "<!-- benches/run ends -->"
OURS, OTHERS, FLOOR = "#0b7285", "#adb5bd", "#dee2e6"
LINES = {"hyperbolic": OURS, "curl-cjson": "#e8590c", "curl-yyjson": "#868e96", "async-openai": "#9c36b5",
         "go-openai": "#2f9e44", "openai-go": "#1971c2", "node": "#f08c00", "python": "#495057"}


class Figures:
    def __init__(self, measured):
        self.works, self.names = measured["works"], measured["peers"]

    def of(self, work, peer, value):
        result = self.works.get(work, {}).get(peer)
        return None if result is None else value(result)


def per_event_us(result):
    return result["cpu_ns"] / result["events"] / 1000


def latency_us(at):
    return lambda result: result["latency_ns"][at] / 1000


def megabytes(result):
    return result["peak_kb"] / 1024


def per_request_us(result):
    return result["cpu_ns"] / result["requests"] / 1000


def number(value, digits=2):
    if value is None:
        return "—"
    return f"{value:,.0f}" if value >= 100 else f"{value:.{1 if value >= 10 else digits}f}"


def table(figures):
    columns = [
        ("a flood of words: CPU an event, µs", "flood", per_event_us),
        ("1,000 streams: CPU an event, µs", "paced", per_event_us),
        ("latency p50 / p99, µs", "paced", None),
        ("peak, MB", "paced", megabytes),
        ("10,000 streams: CPU an event, µs", "paced-many", per_event_us),
        ("one question: p50, µs", "unary", latency_us(50)),
        ("CPU, µs", "unary", per_request_us),
    ]
    lines = ["| client | " + " | ".join(column[0] for column in columns) + " |", "|---|" + "---:|" * len(columns)]
    for peer, name in figures.names.items():
        if not any(peer in work for work in figures.works.values()):
            continue
        cells = []
        for _, work, value in columns:
            if value is None:
                both = [number(figures.of(work, peer, latency_us(at)), 1) for at in (50, 99)]
                cells.append(both[0] if both[0] == "—" else " / ".join(both))
            else:
                cells.append(number(figures.of(work, peer, value)))
        name = f"**{name}**" if peer == "hyperbolic" else name
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def ratio(figures, work, value, peer, other):
    ours, theirs = figures.of(work, peer, value), figures.of(work, other, value)
    return None if ours is None or theirs in (None, 0) else ours / theirs


def targets(figures, measured):
    """What this library set out to reach, as ratios of figures of one run."""
    of = figures.of
    many = None
    if of("paced", "hyperbolic", per_event_us) and of("paced-many", "hyperbolic", per_event_us):
        many = of("paced-many", "hyperbolic", per_event_us) / of("paced", "hyperbolic", per_event_us)
    def against(work, value, other="curl-cjson"):
        return ratio(figures, work, value, "hyperbolic", other)
    idle = [of("unary", peer, lambda result: result["idle_kb"] / 1024) for peer in ("hyperbolic", "curl-cjson")]
    rows = [
        ("flood: CPU against libcurl + cJSON", against("flood", per_event_us), 0.5),
        ("flood: CPU against libcurl + yyjson", against("flood", per_event_us, "curl-yyjson"), 1.4),
        ("flood: allocations an event that the server sent", of("allocations", "hyperbolic", lambda r: r["per_event"]), 0),
        ("flood: allocations a TEXT event", of("allocations", "hyperbolic", lambda r: r["per_piece"]), 0),
        ("1,000 streams: CPU against libcurl + cJSON", against("paced", per_event_us), 0.8),
        ("1,000 streams: peak memory against libcurl + cJSON", against("paced", megabytes), 1.0),
        ("1,000 streams: latency p50 against libcurl + cJSON", against("paced", latency_us(50)), 1.0),
        ("1,000 streams: latency p99 against libcurl + cJSON", against("paced", latency_us(99)), 1.0),
        ("10,000 streams: CPU an event against 1,000", many, 1.2),
        ("one question: p50 against libcurl", against("unary", latency_us(50)), 1.15),
        ("dlopen to the first byte, plain, against libcurl", ratio(figures, "start", lambda r: r["ns"], "hyperbolic", "curl"), 1.0),
        ("dlopen to the first byte, TLS, against libcurl + OpenSSL",
         ratio(figures, "start-tls", lambda r: r["ns"], "hyperbolic", "curl"), 1.0),
        ("an idle client's memory beyond libcurl's, MB", None if None in idle else idle[0] - idle[1], 2),
        ("the stripped library, MB", measured["library_bytes"] / (1 << 20), 3.5),
    ]
    lines = ["| what | measured | wanted at most | |", "|---|---:|---:|---|"]
    for what, value, most in rows:
        met = "—" if value is None else "reached" if value <= most else "not reached"
        lines.append(f"| {what} | {number(value) if value is None or value >= 0 else f'{value:.1f}'} | {most} | {met} |")
    return lines


def bars(figures, path):
    peers = [peer for peer in figures.names if figures.of("flood", peer, per_event_us)]
    peers.sort(key=lambda peer: figures.of("flood", peer, per_event_us), reverse=True)
    figure, axis = plt.subplots(figsize=(8, 3.4))
    values = [figures.of("flood", peer, per_event_us) for peer in peers]
    colours = [OURS if peer == "hyperbolic" else FLOOR if peer == "curl-raw" else OTHERS for peer in peers]
    drawn = axis.barh([figures.names[peer] for peer in peers], values, color=colours)
    axis.bar_label(drawn, [f"{number(value)} µs" for value in values], padding=4)
    axis.set_xscale("log")
    axis.set_xlim(right=max(values) * 4)
    axis.set_xlabel("CPU for one event of a stream, all threads (µs, logarithmic)")
    finish(figure, axis, path)


def latencies(figures, path):
    figure, axis = plt.subplots(figsize=(8, 3.4))
    for peer, result in figures.works.get("paced", {}).items():
        axis.plot([ns / 1000 for ns in result["latency_ns"]], range(101), label=figures.names[peer],
                  color=LINES.get(peer), linewidth=2.4 if peer == "hyperbolic" else 1.4)
    axis.set_xscale("log")
    axis.set_ylabel("% of events came within")
    axis.set_xlabel("from the server's write to the program (µs, logarithmic): 1,000 streams, an event each 20 ms")
    axis.legend(frameon=False)
    finish(figure, axis, path)


def scaling(figures, path):
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4))
    for peer in ("hyperbolic", "curl-cjson", "curl-yyjson"):
        width, name = (2.4 if peer == "hyperbolic" else 1.4), figures.names[peer]
        for axis, work, value in ((left, "streams-", per_event_us), (right, "length-", lambda r: r["wall_ns"] / 1e6)):
            points = sorted((int(key[len(work):]), value(all_peers[peer])) for key, all_peers in figures.works.items()
                            if key.startswith(work) and peer in all_peers)
            if points:
                axis.plot(*zip(*points), marker="o", label=name, color=LINES[peer], linewidth=width)
    left.set_xscale("log")
    left.set_ylim(bottom=0)
    left.set_xlabel("streams, 50,000 events a second over all of them")
    left.set_ylabel("CPU for one event (µs)")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlabel("length of the answer (KiB)")
    right.set_ylabel("time until it is there (ms)")
    for axis in (left, right):
        axis.legend(frameon=False)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    finish(figure, left, path)


def finish(figure, axis, path):
    axis.grid(alpha=0.25)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def block(figures, measured):
    at, versions = measured["machine"], measured["versions"]
    said = ", ".join(f"{name} {version}" for name, version in sorted(versions.items(), key=lambda v: v[0].lower()))
    lines = [BEGIN, "", *table(figures), "", "![CPU for one event of a stream, client by client](docs/images/bench-flood.svg)",
             "", "![How soon events come through, 1,000 streams at a time](docs/images/bench-latency.svg)", "",
             "![Cost against the number of streams, and time against the length of an answer](docs/images/bench-scale.svg)",
             "", *targets(figures, measured), "",
             f"{at['processor']}, {at['processors']} processors, {at['system']}, {time.strftime('%Y-%m-%d')}; {said}."]
    if at["load"] > 0.5:
        lines += ["", f"Others used the machine meanwhile (load {at['load']:.1f}): the ratios say more than the figures do."]
    if measured["voids"] or measured["missing"]:
        left_out = [*measured["voids"], *(f"{name}: could not be had here" for name in measured["missing"])]
        lines += ["", "Left out: " + "; ".join(left_out) + "."]
    return "\n".join([*lines, "", END])


def main():
    with open(sys.argv[1]) as file:
        measured = json.load(file)
    figures = Figures(measured)
    # Text stays text, and the same figures make the same file.
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "hyperbolic", "font.size": 10, "font.family": "sans-serif",
                         "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"], "savefig.facecolor": "white"})
    bars(figures, sys.argv[3] + "/bench-flood.svg")
    latencies(figures, sys.argv[3] + "/bench-latency.svg")
    scaling(figures, sys.argv[3] + "/bench-scale.svg")
    with open(sys.argv[2]) as file:
        readme = file.read()
    before, rest = readme.split(BEGIN)
    with open(sys.argv[2], "w") as file:
        file.write(before + block(figures, measured) + rest.split(END)[1])
    print("\n".join(table(figures) + [""] + targets(figures, measured)))


main()
