"""A flood of datagrams into the table: speed, cost, memory, loss."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import process
import table
from figures import Figure, Results
from lines import Input
from support.daemon import Daemon, dropped_datagrams
from support.server import Server
from support.wait import wait_for

MILLION = 1_000_000


def queue_bytes_max() -> int:
    """What may wait in the receiver's socket, far below its buffer: root gets the 4 MiB that are asked
    for, others what the kernel allows (socket(7))."""
    allowed = int(Path("/proc/sys/net/core/rmem_max").read_text())
    return 1 << 20 if os.geteuid() == 0 or allowed >= 1 << 22 else allowed // 4


class Receiver:
    """The daemon in its usual surroundings, with a ring that takes all of the flood."""

    def __init__(
        self, folder: Path, target: table.Table, flood: Path, *, lanes: int = 2, **batch
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.target = target
        self.flood_program = flood
        self.daemon = Daemon(folder, target.database.conninfo)
        self.daemon.config["ring"] |= {"size": f"{256 // lanes}MiB", "lanes": lanes}
        self.daemon.config["udp"][0]["receive_buffer"] = "4MiB"
        self.daemon.config["rejects"] = {"directory": folder / "rejects"}
        self.daemon.config["batch"] = batch
        # As under systemd: what is being received survives a kill there.
        (folder / "run").mkdir()
        self.daemon.variables["RUNTIME_DIRECTORY"] = str(folder / "run")

    def __enter__(self) -> "Receiver":
        self.daemon.start()
        return self

    def __exit__(self, *_) -> None:
        self.daemon.close()

    def flood(self, path: Path, lines_per_datagram: int, rate: int | None = None) -> int:
        """Sends a file and says how many datagrams it took."""
        command = [
            self.flood_program, path, str(self.daemon.port), str(lines_per_datagram),
            str(queue_bytes_max()),
        ]  # fmt: skip
        done = subprocess.run(
            command + ([str(rate)] if rate else []), check=True, stdout=subprocess.PIPE
        )
        return int(done.stdout)

    def wait_for_all(self) -> None:
        """Until the last line is there, and all others with it."""
        last = self.target.input.count - 1
        moment = self.target.input.moment(last) // 1_000
        query = f"""SELECT EXISTS (SELECT FROM {table.NAME}
            WHERE "timestamp" = to_timestamp({moment} / 1000000.0)
            AND sensor_id = {self.target.input.sensor(last)})"""
        with self.target.database.server.connect(self.target.database.name) as connection:
            wait_for("the last line", lambda: self.is_well() and connection.execute(query).fetchone()[0])
        wait_for(
            "all lines", lambda: self.is_well() and self.target.count() >= self.target.input.count
        )

    def is_well(self) -> bool:
        assert self.daemon.is_running(), self.daemon.log()
        assert dropped_datagrams(self.daemon.port) == 0, "the kernel has dropped datagrams"
        return True


@dataclass
class Flood:
    seconds: float
    processor_seconds: float
    resident_bytes: int


def measure(receiver: Receiver, path: Path, lines_per_datagram: int) -> Flood:
    receiver.target.empty()
    pid = receiver.daemon.pid
    used = process.processor_seconds(pid)
    start = time.monotonic()
    receiver.flood(path, lines_per_datagram)
    receiver.wait_for_all()
    seconds = time.monotonic() - start
    used = process.processor_seconds(pid) - used
    receiver.target.check(f"flood with {lines_per_datagram} lines a datagram")
    assert dropped_datagrams(receiver.daemon.port) == 0, "the kernel has dropped datagrams"
    return Flood(seconds, used, process.resident_bytes(pid, without="/ring/"))


def memory(what: str, floods: list[Flood]) -> Figure:
    resident = [flood.resident_bytes / 2**20 for flood in floods]
    name = f"{what}, memory beside the rings, most"
    return Figure(name, "MiB", resident, 48, False, 1, is_bound=True)


def compare(
    results: Results, server: Server, folder: Path, source: Input, flood: Path, rounds: int
) -> None:
    path = source.write(folder / "standard.lines")
    target = table.Table(server, source, table.PRIMARY_KEY)
    for lines, lanes, speed, cost in [(14, 2, 400_000, 0.4), (14, 1, None, None),
                                      (1, 2, 150_000, 2.2)]:  # fmt: skip
        with Receiver(folder / f"udp-{lines}-{lanes}", target, flood, lanes=lanes) as receiver:
            # The first lap of a ring fetches its pages, once in its life: it does not count.
            for _ in range(2):
                measure(receiver, path, lines)
            floods = [measure(receiver, path, lines) for _ in range(rounds)]
        what = f"UDP, {lines} line{'s' * (lines > 1)} a datagram, {lanes} lane{'s' * (lanes > 1)}"
        results.add(
            Figure(what, "lines/s", [source.count / f.seconds for f in floods], speed, digits=0)
        )
        used = [f.processor_seconds / source.count * MILLION for f in floods]
        results.add(Figure(f"{what}, processor", "s/million lines", used, cost, False))
        results.add(memory(what, floods))
    target.drop()
    sorted_rows(results, server, folder, source, flood)


def sorted_rows(
    results: Results, server: Server, folder: Path, source: Input, flood: Path
) -> None:
    """Into a table whose batches are sorted."""
    path = source.write(folder / "standard.lines")
    target = table.Table(server, source, table.TWO_INDEXES)
    with Receiver(folder / "udp-sorted", target, flood, lanes=2) as receiver:
        floods = [measure(receiver, path, 14) for _ in range(2)]
    what = "UDP, 14 lines a datagram, 2 lanes, two indexes"
    results.add(
        Figure(what, "lines/s", [source.count / flood.seconds for flood in floods], digits=0)
    )
    results.add(memory(what, floods))
    target.drop()
