"""Runs every client on the same work, in turn, and writes what it cost as JSON: measure.py PLACES OUT [--check].

PLACES is a JSON object: where the server, the library and each client that could be built is, as a command. A run that
returns another text than the server sent is void. With --check the work is small and the clients in C alone do it: it
says whether all is right, and no time means anything.
"""
import json
import os
import resource
import subprocess
import sys
import urllib.request

PEERS = {
    "hyperbolic": "libhyperbolic",
    "curl-raw": "libcurl, bytes unread",
    "curl-yyjson": "libcurl + yyjson",
    "curl-cjson": "libcurl + cJSON",
    "async-openai": "async-openai (Rust)",
    "go-openai": "go-openai (Go)",
    "openai-go": "openai-go (Go, official)",
    "node": "openai (Node, official)",
    "python": "openai (Python, official)",
}
# Events of a flood: fewer for who takes a thousand times as long. The figures are per event.
FLOOD = {"node": 50_000, "python": 20_000, "async-openai": 200_000, "go-openai": 200_000, "openai-go": 100_000}
UNARY = {"node": 2_000, "python": 1_000}
PACED = ["hyperbolic", "curl-yyjson", "curl-cjson", "async-openai", "go-openai", "openai-go"]
# The last two do not come near fifty thousand events a second.
MANY = ["hyperbolic", "curl-yyjson", "curl-cjson", "async-openai"]
EVENTS_PER_SECOND = 50_000
# A paced run counts if so many events were sent in time.
IN_TIME = 0.95
TRIES = 3


class Void(Exception):
    """A run that does not count."""


class Server:
    """One process for one run, so that nothing is left of the run before."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=first_in_line)
        self.url = self.process.stdout.readline().split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return answer.read()


def first_in_line():
    """The server's schedule is the measure: on a busy machine it goes first, where it may."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    except PermissionError:
        pass


class Bench:
    def __init__(self, places, check):
        self.places, self.check = places, check
        self.text = places["out"] + "/text"

    def run(self, peer, work, server, path, count, environment=None):
        command = [*self.places["peers"][peer], work, f"{server.url}{path}/v1", str(count), self.text]
        open(self.text, "wb").close()
        done = subprocess.run(command, capture_output=True, text=True, timeout=300,
                              env={**os.environ, **self.places["environment"], **(environment or {})})
        if done.returncode != 0:
            raise Void(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit code {done.returncode}")
        return json.loads(done.stdout), done.stderr

    def has_text(self, want):
        with open(self.text, "rb") as got:
            if got.read() != want:
                raise Void("returned another text than the server sent")

    def flood(self, peer, events, text_bytes=0, environment=None):
        with Server(self.places["server"]) as server:
            result, said = self.run(peer, "flood", server, f"/flood/{events}/{text_bytes}", 1, environment)
            if peer != "curl-raw":
                self.has_text(server.get(f"/text/{events}/{text_bytes}"))
        return {**result, "events": events}, said

    def unary(self, peer, requests):
        with Server(self.places["server"]) as server:
            result, _ = self.run(peer, "unary", server, "/unary", requests)
            if peer != "curl-raw":
                self.has_text(b"The sky is blue because air scatters short waves of light more than long ones.")
        return result

    def paced(self, peer, streams, us, events):
        """The server may have been kept from its schedule by others: then once more."""
        for attempt in range(1 if self.check else TRIES):
            with Server(self.places["server"]) as server:
                result, _ = self.run(peer, "paced", server, f"/paced/{streams}/{us}/{events}", streams)
                sent = json.loads(server.get("/report"))
            if (result["events"], result["sum"]) != (sent["sent"], sent["sum"]) or sent["broken"] > 0:
                raise Void("not every event came that the server sent")
            result["in_time"] = 1 - sent["late"] / sent["sent"]
            if self.check or result["in_time"] >= IN_TIME:
                return result
        raise Void(f"the server sent {100 * result['in_time']:.0f} % in time")

    def start(self, which, library, secure):
        with Server(self.places["server"]) as server:
            url = server.url + "/first/v1"
            url = url.replace("http://", "https://") if secure else url
            done = subprocess.run([self.places["start"], which, library, url], capture_output=True, text=True)
            begun = int(done.stdout.split()[0])
            return {"ns": int(server.process.stdout.readline().split()[1]) - begun}


def median(results, key):
    ordered = sorted(results, key=lambda result: result[key])
    return ordered[len(ordered) // 2]


class Report:
    """What was measured, what was void, and whether anything was wrong."""

    def __init__(self):
        self.works, self.voids = {}, []

    def take(self, work, peer, measure, rounds=1, key="cpu_ns"):
        results = []
        for _ in range(rounds):
            try:
                results.append(measure())
            except (Void, subprocess.TimeoutExpired) as why:
                self.voids.append(f"{work}, {PEERS.get(peer, peer)}: {why}")
        if results:
            self.works.setdefault(work, {})[peer] = median(results, key)
        print(f"{work:<16} {peer:<14} " + ("ok" if results else "void: " + self.voids[-1]), flush=True)


def measure_all(bench, report):
    peers = [peer for peer in PEERS if peer in bench.places["peers"]]
    quick = bench.check
    for peer in peers:
        events = 20_000 if quick else FLOOD.get(peer, 500_000)
        rounds = 1 if quick or peer in FLOOD else 3
        report.take("flood", peer, lambda: bench.flood(peer, events)[0], rounds)
        requests = 200 if quick else UNARY.get(peer, 10_000)
        report.take("unary", peer, lambda: bench.unary(peer, requests), 1 if quick else 3,
                    "cpu_ns")
    streams, seconds = (100, 1) if quick else (1_000, 5)
    for peer in [peer for peer in PACED if peer in peers]:
        report.take("paced", peer, lambda: bench.paced(peer, streams, 20_000, seconds * 50))
    streams, seconds = (500, 1) if quick else (10_000, 5)
    for peer in [peer for peer in MANY if peer in peers]:
        report.take("paced-many", peer, lambda: bench.paced(peer, streams, 200_000, seconds * 5))
    for peer in [peer for peer in ("hyperbolic", "curl-yyjson", "curl-cjson") if peer in peers]:
        report.take("allocations", peer, lambda: allocations(bench, peer), 1 if quick else 3, "per_event")
    libraries = {"hyperbolic": bench.places["library"], "curl": "libcurl.so.4"}
    for secure in (False, True):
        for which, library in libraries.items():
            work = "start-tls" if secure else "start"
            report.take(work, which, lambda: bench.start(which, library, secure), 3 if quick else 21, "ns")
    if not quick:
        scaling(bench, report, peers)


def allocations(bench, peer):
    """Two floods, one twice as long: what the second asks for beyond the first is what events cost, but for the one time
    more that the answer's own text doubles."""
    asked = []
    for events in (100_000, 200_000):
        preload = {"LD_PRELOAD": bench.places["allocations"]}
        result, said = bench.flood(peer, events, environment=preload)
        asked.append((int(said.split()[-1]), result.get("pieces", events)))
    more, pieces = max(asked[1][0] - asked[0][0] - 1, 0), asked[1][1] / 2
    return {"per_event": more / 100_000, "per_piece": more / max(pieces, 1)}


def scaling(bench, report, peers):
    for peer in [peer for peer in ("hyperbolic", "curl-cjson") if peer in peers]:
        for streams in (1, 10, 100, 1_000, 10_000):
            us = streams * 1_000_000 // EVENTS_PER_SECOND
            events = max(2 * EVENTS_PER_SECOND // streams, 1)
            report.take(f"streams-{streams}", peer, lambda: bench.paced(peer, streams, us, events))
    for peer in [peer for peer in ("hyperbolic", "curl-yyjson", "curl-cjson") if peer in peers]:
        for kib in (1, 8, 64, 512, 4_096, 65_536):
            report.take(f"length-{kib}", peer, lambda: bench.flood(peer, kib, 1_024)[0], 3, "wall_ns")


def machine():
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), "?")
    return {"processor": model, "processors": os.cpu_count(), "system": " ".join(os.uname()[i] for i in (0, 2)),
            "load": os.getloadavg()[0]}


def main():
    with open(sys.argv[1]) as file:
        places = json.load(file)
    check = "--check" in sys.argv
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    report = Report()
    before = machine()
    measure_all(Bench(places, check), report)
    with open(sys.argv[2], "w") as file:
        json.dump({"machine": before, "versions": places["versions"], "missing": places["missing"],
                   "library_bytes": os.path.getsize(places["library"]), "peers": PEERS, "works": report.works,
                   "voids": report.voids}, file, indent=1)
    if check and report.voids:
        sys.exit("\n".join(report.voids))


main()
