"""Every side-by-side of c10h and a peer, and the table of docs/speed.md.

    python benchmarks/all.py [--quick] [--only NAME …] [--peer-python PYTHON]
    python benchmarks/all.py --list

Both programs of a row are processes of their own on the same files, and run in turn: five times, or
at least twice and until LIMIT seconds have gone by. The fewest seconds and the largest memory of
each are told. Peers are run by --peer-python, where they are installed in an environment of their
own, with c10h's; one that is not installed is a row that says so. BLAS and PyTorch
have one thread, unless OMP_NUM_THREADS says another number: on a machine with other work, threads
that wait for each other take many times as long. Without --quick and
--only the table is written into the page. Takes ten to twenty minutes and 2 GB.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from inputs import made
from rows import ROWS
from timing import compare

PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
BEGIN, END = "<!-- generated -->\n", "<!-- /generated -->"
REPEATS, LIMIT = 5, 10
TITLES = ("what", "c10h, s", "MB", "peer, s", "MB", "c10h / peer, s", "MB", "peer")
VERSIONS = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        found[name] = None
print(json.dumps(found))
"""


def versions_of(python, packages):
    """The version of each package that a Python has, or None."""
    line = [python, "-P", "-c", VERSIONS, *sorted(set(packages))]
    return json.loads(subprocess.run(line, capture_output=True, check=True).stdout)


def measure(row, size, folder, peer_python):
    """Fewest seconds and largest memory of c10h and, if there is a Python for it, of the peer."""
    place = made(folder, row.kind, size) if row.kind else None
    commands = {"c10h": row.ours(place)}
    if peer_python:
        commands["peer"] = [peer_python, *row.theirs(place)[1:]]
    return compare(commands, REPEATS, LIMIT, row.seconds)


def cells(c10h, peer=None):
    """The cells between what is done and the peer's name."""
    own = [f"{c10h[0]:.2f}", f"{c10h[1]:.0f}"]
    if peer is None:
        return [*own, "not installed", "", "", ""]
    ratios = [f"{ours / theirs:.2f}" for ours, theirs in zip(c10h, peer, strict=True)]
    return [*own, f"{peer[0]:.2f}", f"{peer[1]:.0f}", *ratios]


def processor():
    """Its name, as Linux tells it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def machine(versions):
    """One line on what all was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ", ".join(f"{name} {version}" for name, version in versions.items())
    threads = os.environ["OMP_NUM_THREADS"]
    return (
        f"Measured on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}: {processor()}, "
        f"{len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB of memory, "
        f"Python {platform.python_version()}, {names}, OMP_NUM_THREADS={threads}, "
        f"load average {os.getloadavg()[0]:.1f} at the start."
    )


def line(cells):
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def table(only, quick, folder, peer_python):
    """The lines of the table; each is printed as soon as it is known."""
    versions = versions_of(peer_python, (row.package for row in ROWS.values()))
    lines = [line(TITLES), line(["---", *["---:"] * (len(TITLES) - 2), "---"])]
    print(*lines, sep="\n", flush=True)
    for name in only:
        row = ROWS[name]
        size, version = row.quick if quick else row.size, versions[row.package]
        found = measure(row, size, folder, peer_python if version else None)
        peer = f"{row.peer} ({row.package}{f' {version}' if version else ''})"
        lines.append(line([row.text(size), *cells(**found), peer]))
        print(lines[-1], flush=True)
    return lines


def write(lines):
    """Put lines between the marks of the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n\n{END}{after}")


def main():
    """Choose, measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="NAME", default=[])
    parser.add_argument("--quick", action="store_true", help="small inputs; the page stays")
    parser.add_argument("--list", action="store_true", help="name every row and its peer")
    parser.add_argument("--peer-python", default=sys.executable, metavar="PYTHON")
    args = parser.parse_args()
    if args.list:
        for name, row in ROWS.items():
            print(name, row.text(row.size), f"{row.peer} ({row.package})", sep="\t")
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    told = machine(versions_of(sys.executable, ("numpy", "torch", "polars")))
    if args.quick:
        told += " Small inputs (--quick): these ratios say little."
    print(told, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        lines = table(args.only or list(ROWS), args.quick, folder, args.peer_python)
    if not args.quick and not args.only:
        write([told, "", *lines])


if __name__ == "__main__":
    main()
