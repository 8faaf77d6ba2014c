"""How often the daemon's threads ask for memory while readings flow."""

import struct
from pathlib import Path

import process
import table
from figures import Figure, Results
from lines import Input
from support.server import Server
from udp import Receiver, measure

# See counting_allocator.c: thread, name, calls, bytes.
RECORD = struct.Struct("<q16sQQ")
LINES_PER_DATAGRAM = 14
# Of a transaction, at most.
ROWS = [5_000, 50_000]


def counts(file: Path, names: dict[int, str]) -> dict[str, int]:
    """Calls by thread."""
    found: dict[str, int] = {}
    for thread, _, calls, _ in RECORD.iter_unpack(file.read_bytes()):
        if thread in names:
            found[names[thread]] = found.get(names[thread], 0) + calls
    return found


def transactions(target: table.Table) -> int:
    """How many have written in the server so far, this question too."""
    return target.database.value("SELECT txid_current()")


# Of those between two such questions, ours: TRUNCATE, DELETE and the second question.
OWN_TRANSACTIONS = 3


def flood_counted(
    receiver: Receiver, file: Path, path: Path, lines: int
) -> tuple[dict[str, int], int]:
    """Calls by thread while a warm daemon takes a flood, and its transactions."""
    pid = receiver.daemon.pid
    for _ in range(2):
        measure(receiver, path, lines)
    names = process.threads(pid)
    commits = transactions(receiver.target)
    before = counts(file, names)
    measure(receiver, path, lines)
    grown = {name: calls - before.get(name, 0) for name, calls in counts(file, names).items()}
    assert any(name.startswith("receive") for name in grown), grown
    return grown, transactions(receiver.target) - commits - OWN_TRANSACTIONS


def count(
    results: Results, server: Server, folder: Path, source: Input, flood: Path, allocator: Path
) -> None:
    """With small transactions and with large ones: what a line costs is the difference."""
    path = source.write(folder / "standard.lines")
    for name, indexes in [("", table.PRIMARY_KEY), (", two indexes", table.TWO_INDEXES)]:
        target = table.Table(server, source, indexes)
        found = []
        for rows in ROWS:
            file = folder / f"allocations-{rows}{len(name)}"
            place = folder / f"counted-{rows}{len(name)}"
            receiver = Receiver(place, target, flood, lanes=1, rows=rows)
            receiver.daemon.variables |= {
                "LD_PRELOAD": str(allocator), "COUNTING_ALLOCATOR_FILE": str(file),
            }  # fmt: skip
            with receiver:
                grown, commits = flood_counted(receiver, file, path, LINES_PER_DATAGRAM)
            calls = sum(n for thread, n in grown.items() if thread.startswith("write"))
            found.append((calls / commits, source.count / commits))
            receiving = sum(n for thread, n in grown.items() if thread.startswith("receive"))
            datagrams = -(-source.count // LINES_PER_DATAGRAM)
            results.add(
                Figure(f"allocations of the receiver, {datagrams:,} datagrams{name}", "calls",
                       [receiving], 0, False, 0)
            )  # fmt: skip
            results.add(
                Figure(f"allocations of the writer, {found[-1][1]:,.0f} lines a transaction{name}",
                       "calls/transaction", [found[-1][0]], digits=0)
            )  # fmt: skip
        (small, fewer), (large, more) = found
        results.add(
            Figure(f"allocations of the writer for a further line{name}", "calls/line",
                   [max(0, (large - small) / (more - fewer))], 0.001, False, 4)
        )  # fmt: skip
        target.drop()
