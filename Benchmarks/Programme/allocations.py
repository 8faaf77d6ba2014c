"""How often the daemon's threads ask for memory while readings flow."""

import struct
import time
from pathlib import Path

import process
import table
from figures import Figure, Results
from lines import Input
from support.server import Server
from udp import Receiver, measure

# See counting_allocator.c: thread, name, calls, bytes.
RECORD = struct.Struct("<q16sQQ")


def counts(file: Path, names: dict[int, str]) -> dict[str, int]:
    """Calls by thread."""
    found: dict[str, int] = {}
    for thread, _, calls, _ in RECORD.iter_unpack(file.read_bytes()):
        if thread in names:
            found[names[thread]] = found.get(names[thread], 0) + calls
    return found


def transactions(target: table.Table) -> int:
    """Each moves the row of its ring once."""
    # The server's processes report what they did only now and then.
    time.sleep(2)
    return target.database.value(
        "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'sluice_progress'"
    )


def count(
    results: Results, server: Server, folder: Path, source: Input, flood: Path, allocator: Path
) -> None:
    path = source.write(folder / "standard.lines")
    target = table.Table(server, source, table.PRIMARY_KEY)
    for lines in (14, 1):
        file = folder / f"allocations-{lines}"
        with Receiver(folder / f"counted-{lines}", target, flood, lanes=2) as receiver:
            # Started anew below, with the allocator before everything else.
            receiver.daemon.stop()
            receiver.daemon.variables |= {
                "LD_PRELOAD": str(allocator), "COUNTING_ALLOCATOR_FILE": str(file),
            }  # fmt: skip
            receiver.daemon.start()
            measure(receiver, path, lines)
            names = process.threads(receiver.daemon.pid)
            commits = transactions(target)
            before = counts(file, names)
            measure(receiver, path, lines)
            grown = {name: n - before[name] for name, n in counts(file, names).items()}
            commits = transactions(target) - commits
        receiving = sum(n for name, n in grown.items() if name.startswith("receive"))
        writing = sum(n for name, n in grown.items() if name.startswith("write"))
        assert any(name.startswith("receive") for name in grown), grown
        datagrams = -(-source.count // lines)
        what = f"{source.count:,} lines, {lines} in a datagram"
        results.add(
            Figure(f"allocations of the receiver, {datagrams:,} datagrams", "calls",
                   [receiving], 0, False, 0)
        )  # fmt: skip
        results.add(Figure(f"allocations of the writers, {what}", "calls/transaction",
                           [writing / commits], digits=0))  # fmt: skip
        results.add(Figure(f"lines in a transaction, {what}", "lines", [source.count / commits],
                           digits=0))  # fmt: skip
    target.drop()
