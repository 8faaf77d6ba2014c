"""Lets everything go wrong that can, at random, under load; then says what became of every line.

    scripts/soak [SECONDS] [--seed N]
"""

import random
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from support.daemon import Daemon, queued_bytes
from support.ledger import Ledger
from support.mixed import CREATE, TABLES, MixedSender
from support.ring import newest_numbers
from support.server import Database, Server

# Lines in a datagram, and datagrams a second, of each sender.
SENDERS = [(20, 100), (1, 200), (7, 100)]
# Senders wait when the kernel holds more than this, or the rings are fuller than that.
QUEUE_BYTES_MAX = 64 << 10
FILL_PERCENT_MAX = 50


class Soak:
    def __init__(self, server: Server, database: Database, daemon: Daemon, seed: int) -> None:
        self.server = server
        self.database = database
        self.daemon = daemon
        self.chance = random.Random(seed)
        self.start = time.monotonic()
        self.stopping = threading.Event()
        self.senders = [
            MixedSender(daemon.port, source, lines, rate, self.may_send)
            for source, (lines, rate) in enumerate(SENDERS)
        ]
        self.ledger = Ledger(database, daemon, self.senders)

    def may_send(self) -> bool:
        fill = re.search(r"ring (\d+) %|(ring full)", self.daemon.status())
        has_room = not fill or int(fill[1] or 100) <= FILL_PERCENT_MAX
        return has_room and queued_bytes(self.daemon.port) <= QUEUE_BYTES_MAX

    def pause(self, least: float, most: float) -> None:
        self.stopping.wait(self.chance.uniform(least, most))

    def run(self, seconds: int) -> None:
        events = [
            self.kill_daemon, self.kill_daemon, self.restart_daemon, self.reload_daemon,
            self.crash_server, self.stop_server, self.end_sessions, self.freeze_server,
            self.lock_table, self.revoke_right,
        ]  # fmt: skip
        while time.monotonic() < self.start + seconds and not self.stopping.is_set():
            self.pause(0.1, 1)
            event = self.chance.choice(events)
            self.say(event.__doc__)
            event()
        self.say("the senders stop, and what is in the ring is written")
        for sender in self.senders:
            sender.stop()
        code = self.daemon.stop()
        if code != 0:
            self.ledger.faults.append(f"the daemon ended with {code}")

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.start:8.1f} s  {text}", flush=True)

    def kill_daemon(self) -> None:
        """kill -9 of the daemon"""
        # One that just begins may have had the signal that ends all this.
        if self.daemon.is_running():
            self.daemon.kill()
        newest: dict[int, int] = {}
        for file in (self.daemon.folder / "ring").glob("ring-?"):
            for source, number in newest_numbers(file).items():
                newest[source] = max(newest.get(source, -1), number)
        self.ledger.accepted.append(newest)
        # Now and then the next one dies as it starts.
        if self.chance.random() < 0.3:
            self.daemon.launch()
            time.sleep(self.chance.uniform(0, 0.1))
            self.kill_daemon()
        elif not self.daemon.is_running():
            self.daemon.start()

    def restart_daemon(self) -> None:
        """the daemon is stopped and started"""
        self.daemon.config["batch"]["drain"] = self.chance.choice(["0s", "100ms", "5min"])
        self.daemon.reload()
        self.daemon.stop()
        self.daemon.config["batch"]["drain"] = "5min"
        self.daemon.start()

    def reload_daemon(self) -> None:
        """the daemon reads its configuration again"""
        self.daemon.config["batch"]["rows"] = self.chance.choice([10, 1_000, 50_000])
        self.daemon.reload()

    def crash_server(self) -> None:
        """the server crashes and comes back"""
        self.server.stop("immediate")
        self.server.start()

    def stop_server(self) -> None:
        """the server is away for a while"""
        self.server.stop()
        self.pause(0.1, 3)
        self.server.start()

    def end_sessions(self) -> None:
        """the daemon's sessions are ended"""
        self.database.end_connections()

    def freeze_server(self) -> None:
        """the server hangs for a while"""
        with self.server.frozen():
            self.pause(0.1, 3)

    def lock_table(self) -> None:
        """a table is locked for a while"""
        with self.server.connect(self.database.name) as other, other.transaction():
            other.execute(f"LOCK TABLE {self.chance.choice(TABLES)} IN ACCESS EXCLUSIVE MODE")
            self.pause(0.1, 3)

    def revoke_right(self) -> None:
        """the right to a table is taken away for a while"""
        table = self.chance.choice(TABLES)
        self.database.execute(f"REVOKE INSERT ON {table} FROM sluice")
        self.pause(0.1, 3)
        self.database.execute(f"GRANT INSERT ON {table} TO sluice")


def prepare(server: Server, folder: Path) -> tuple[Database, Daemon]:
    database = server.new_database()
    database.execute(*CREATE)
    if server.has_timescale:
        database.execute("SELECT create_hypertable('levels', 'timestamp')")
    daemon = Daemon(folder, database.conninfo)
    daemon.handed_over = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.handed_over.bind(("127.0.0.1", daemon.port))
    daemon.config["ring"] |= {"size": "64MiB", "lanes": 2}
    daemon.config["batch"]["drain"] = "5min"
    return database, daemon


def soak(server: Server, folder: Path, seconds: int, seed: int) -> list[str]:
    """What does not add up."""
    database, daemon = prepare(server, folder)
    try:
        daemon.start()
        run = Soak(server, database, daemon, seed)
        # Once ends it in order, twice at once.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: interrupt(run.stopping))
        run.run(seconds)
        run.ledger.check()
        if run.ledger.faults:
            print(daemon.log(), file=sys.stderr)
        return run.ledger.faults
    finally:
        daemon.close()


def interrupt(stopping: threading.Event) -> None:
    if stopping.is_set():
        raise KeyboardInterrupt
    stopping.set()


def main() -> None:
    seconds, seed = int(sys.argv[1]), int(sys.argv[2])
    print(f"scripts/soak {seconds} --seed {seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: interrupt_at_once())
    folder = Path(tempfile.mkdtemp(prefix="sluice-"))
    server = Server()
    try:
        faults = soak(server, folder, seconds, seed)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        server.remove()
        shutil.rmtree(folder)
    sys.exit(1 if faults else 0)


def interrupt_at_once() -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
