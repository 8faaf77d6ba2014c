"""What became of every line of a mixed load: what was sent, what is there, and what was counted."""

import json
from collections import Counter

from .daemon import run_sluice
from .mixed import CYCLE, KINDS, REASONS, TABLES, MixedSender

# Datagrams that a daemon takes from its socket with one call.
RECEIVED_AT_ONCE = 64

GOOD_PER_CYCLE = sum(kind in TABLES for kind in KINDS)


class Ledger:
    def __init__(self, database, daemon, senders: list[MixedSender]) -> None:
        self._database = database
        self._daemon = daemon
        self._senders = senders
        # At each kill: the newest number of each source that a ring had.
        self.accepted: list[dict[int, int]] = []
        self.faults: list[str] = []

    def check(self) -> None:
        """Call it once, after the daemon has stopped in order."""
        self._print_sent()
        self._print_rows()
        self._print_rejected()
        self._print_left()
        for fault in self.faults:
            print(f"does not add up: {fault}")
        if not self.faults:
            print("it adds up")

    def _print_sent(self) -> None:
        lines = sum(sender.sent for sender in self._senders)
        datagrams = sum(sender.datagrams for sender in self._senders)
        received = self._count("received")
        print(f"sent      {lines} lines in {datagrams} datagrams")
        print(f"received  {received} datagrams")
        if received > datagrams or (not self.accepted and received != datagrams):
            self.faults.append("received is not what was sent")

    def _print_rows(self) -> None:
        sent = self._sent()
        for table in TABLES:
            rows = self._database.count(table)
            print(f"rows      {rows} in {table}, of {sent[table]} sent")
            twice = self._database.value(
                f"""SELECT count(*) FROM (SELECT FROM {table}
                    GROUP BY source, number HAVING count(*) > 1) AS twice"""
            )
            if twice:
                self.faults.append(f"{twice} rows are in {table} twice")
        there = sum(self._database.count(table) for table in TABLES)
        rows = sum(book["rows"] for book in self._books())
        if rows != there:
            self.faults.append(f"{rows} rows are counted, and {there} are there")
        missing = [number for sender in self._senders for number in self._missing(sender)]
        print(f"lost      {len(missing)} rows between socket and ring, when it was killed")

    def _missing(self, sender: MixedSender) -> list[int]:
        """Numbers of good rows that are not there; faults are those that no kill explains."""
        rows = " UNION ALL ".join(f"SELECT source, number FROM {table}" for table in TABLES)
        missing = self._database.rows(
            f"""SELECT number FROM generate_series(0, {sender.sent - 1}) AS number
                WHERE number % {CYCLE} < {GOOD_PER_CYCLE}
                EXCEPT SELECT number FROM ({rows}) AS rows WHERE source = {sender.source}
                ORDER BY number"""
        )
        numbers = [number for (number,) in missing]
        lost = [number for number in numbers if not self._was_killed_before(sender, number)]
        if lost:
            self.faults.append(
                f"{len(lost)} rows of sender {sender.source} were accepted and are missing:"
                f" {lost[:10]}"
            )
        return numbers

    def _was_killed_before(self, sender: MixedSender, number: int) -> bool:
        """Whether a daemon may have had this number in its hands when it was killed."""
        newest = Counter(accepted.get(sender.source, -1) for accepted in self.accepted)
        return any(
            last < number <= last + kills * RECEIVED_AT_ONCE * sender.lines
            for last, kills in newest.items()
        )

    def _print_rejected(self) -> None:
        sent = self._sent()
        rejected: Counter = Counter()
        for book in self._books():
            rejected.update(book["rejected"])
        for kind, reason in REASONS.items():
            counted = rejected.pop(reason, 0)
            print(f"rejected  {counted} {reason}, of {sent[kind]} sent; {self._kept(reason)} are kept")
            if counted > sent[kind] or (not self.accepted and counted != sent[kind]):
                self.faults.append(f"rejected {reason} is not what was sent")
            if counted != self._kept(reason):
                self.faults.append(f"of {counted} {reason}, {self._kept(reason)} are kept")
        if rejected:
            self.faults.append(f"lines were rejected for other reasons: {dict(rejected)}")

    def _kept(self, reason: str) -> int:
        """How many refused lines stand in the files of rejects."""
        return self._command("rejects", "list", "--reason", reason)[0]["lines"]

    def _print_left(self) -> None:
        for name in ("dropped_newest", "dropped_oldest", "lost", "stored"):
            count = self._count(name)
            print(f"{name:9} {count} datagrams")
            if count:
                self.faults.append(f"{name}: {count} datagrams")
        kernel = sum(book["kernel_dropped"] for book in self._books())
        print(f"kernel    {kernel} datagrams dropped")
        if kernel:
            self.faults.append("the load was too much for this machine")
        left = self._count("in_ring")
        print(f"in ring   {left} datagrams")
        if left:
            self.faults.append("the last stop has left datagrams in the ring")
        if not all(book["adds_up"] for book in self._books()):
            self.faults.append(f"the books do not add up: {self._books()}")
        for line in self._daemon.bugs() + self._daemon.lines_of_log("ledger_imbalance"):
            self.faults.append(line)

    def _sent(self) -> Counter:
        return sum((sender.counts() for sender in self._senders), Counter())

    def _books(self) -> list[dict]:
        """Those of every listener in every lane, since the rings were made."""
        rings = self._command("ring", "ledger")
        return [book for ring in rings for book in ring["listeners"]]

    def _count(self, name: str) -> int:
        return sum(book[name]["datagrams"] for book in self._books())

    def _command(self, *arguments: str) -> list[dict]:
        """What a command says, an object a line."""
        done = run_sluice(*arguments, "--json", "--config", str(self._daemon.config_file))
        assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
        return [json.loads(line) for line in done.stdout.splitlines()]
