"""How soon a daemon is ready that finds a full ring."""

import time
from pathlib import Path

import table
from figures import Figure, Results
from lines import Input
from support.server import Server
from udp import Receiver

RING_BYTES = 1 << 30
LINES_PER_DATAGRAM = 14


def measure(
    results: Results, server: Server, folder: Path, source: Input, flood: Path, rounds: int
) -> None:
    path = source.write(folder / "standard.lines")
    target = table.Table(server, source, table.PRIMARY_KEY)
    receiver = Receiver(folder / "startup", target, flood, lanes=1)
    daemon = receiver.daemon
    daemon.config["ring"] |= {"size": "1GiB", "overflow": "drop-newest"}
    # Nobody listens there: everything stays in the ring.
    daemon.config["database"]["conninfo"] = f"host={folder} port=1 dbname=none"
    with receiver:
        sent = 0
        while sent < RING_BYTES:
            receiver.flood(path, LINES_PER_DATAGRAM)
            sent += path.stat().st_size
        daemon.wait_for_log("event=ring_full")
        daemon.kill()
        times = []
        for _ in range(rounds):
            begin = time.monotonic()
            daemon.launch()
            while not daemon.is_ready():
                assert daemon.is_running(), daemon.log()
                time.sleep(0.001)
            times.append(time.monotonic() - begin)
            recovered = daemon.wait_for_log("event=ring_recovered")
            daemon.kill()
    assert "datagrams=" in recovered, recovered
    results.add(Figure("start to READY with a full ring of 1 GiB", "s", times, 2, False))
    target.drop()
