"""The benchmark programme; scripts/bench builds what it needs and runs it."""

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "Tests" / "EndToEnd"))

import allocations  # noqa: E402
import document  # noqa: E402
import importing  # noqa: E402
import latency  # noqa: E402
import profiles  # noqa: E402
import scaling  # noqa: E402
import startup  # noqa: E402
import udp  # noqa: E402
from figures import HEADINGS, Figure, Results, text_table  # noqa: E402
from lines import Input  # noqa: E402
from support.server import Server  # noqa: E402

PARTS = ["parse", "import", "udp", "latency", "startup", "allocations", "scaling", "profiles"]
# As much as the documentation of PostgreSQL advises for a machine of 4 GiB: the tables fit in, as the
# latest chunks do where somebody has set it up. No checkpoint falls into a run.
SERVER = ["shared_buffers = 1GB", "max_wal_size = 16GB"]
# Imports are compared so many times as often as other things: others who use the same machine make
# one run of psql a third slower than the next.
IMPORT_TURNS = 2
# Nanoseconds for one line of four decimal fields.
PARSE_LIMIT = 60


def add_modules(results: Results, file: Path) -> None:
    """What the harness has measured of the modules by themselves: name, tab, nanoseconds."""
    for line in file.read_text().splitlines():
        name, nanoseconds = line.split("\t")
        is_parse = name == "parse"
        results.add(
            Figure("parse alone, 95 bytes, four decimals" if is_parse else f"module: {name}",
                   "ns/unit", [float(nanoseconds)], PARSE_LIMIT if is_parse else None, False, 1)
        )  # fmt: skip


def measure(options: argparse.Namespace, results: Results, server: Server, folder: Path) -> None:
    size = 200_000 if options.quick else 2_000_000
    rounds = 1 if options.quick else options.rounds
    standard = Input(size)
    tools = options.tools
    flood = tools / "flood"

    def part(name: str, action, *arguments) -> None:
        if name in options.only:
            print(f"-- {name}", file=sys.stderr, flush=True)
            action(results, *arguments)

    if "parse" in options.only and (tools / "modules.tsv").exists():
        add_modules(results, tools / "modules.tsv")
    part("import", importing.compare, server, folder, standard,
         1 if options.quick else rounds * IMPORT_TURNS)  # fmt: skip
    part("udp", udp.compare, server, folder, standard, flood, rounds)
    part("latency", latency.measure, server, folder, flood, 100 if options.quick else 1_000)
    part("startup", startup.measure, server, folder, standard, flood, rounds)
    part("allocations", allocations.count, server, folder, standard, flood,
         tools / "counting_allocator.so")  # fmt: skip
    rates = [10, 1_000] if options.quick else [10, 100, 1_000, 5_000, 20_000, 50_000]
    part("scaling", scaling.by_lanes, server, folder, standard, flood)
    part("scaling", scaling.by_sensors, server, folder, size // 2)
    part("scaling", scaling.by_fields, server, folder, size * 3)
    part("scaling", scaling.by_batch, server, folder, standard, flood)
    part("scaling", latency.under_load, server, folder, flood, rates, 6)
    part("profiles", profiles.take, server, folder, standard, flood)


def show(results: Results) -> None:
    print()
    print(text_table(HEADINGS, [figure.cells() for figure in results.figures]))
    for series in results.series:
        print(f"\n{series.title}")
        rows = [
            [f"{name}, {series.unit}", *(f"{value:,.{series.digits}f}" for value in values)]
            for name, values in series.lines.items()
        ]
        print(text_table([series.variable, *(f"{point:,}" for point in series.points)], rows))
    for profile in results.profiles:
        print(f"\n{profile.what}: {profile.total:,.0f} ns per line")
        print(text_table(["stage", "ns"], [[n, f"{v:,.0f}"] for n, v in profile.stages.items()]))
    for note in results.notes:
        print(f"note: {note}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--tools", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART",
                        help=f"one or more of: {', '.join(PARTS)}")  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5,
                        help="runs of each kind; of imports twice as many")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="small sizes: whether all works")
    parser.add_argument("--write", action="store_true", help="renew docs/performance.md")
    options = parser.parse_args()
    if options.write and (options.quick or options.only != PARTS):
        parser.error("--write goes with the whole programme: the page shows one run")
    results = Results()
    # Cleans up as after ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        # Short, for sockets' paths; and on a disk, as the ring is.
        folder = Path(tempfile.mkdtemp(prefix="sluice-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        server = Server(*SERVER, name="bench-postgres")
        stack.callback(server.remove)
        version = server.connect("postgres").execute("SHOW server_version").fetchone()[0]
        measure(options, results, server, folder)
        show(results)
        if options.write:
            document.write(results, document.machine(version.split()[0], server.has_timescale))
    return 1 if any(figure.verdict == "missed" for figure in results.figures) else 0


if __name__ == "__main__":
    sys.exit(main())
