"""What became of every line of a mixed load: what was sent, what is there, and what was counted."""

import re
from collections import Counter

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
        received = self._sum("received")
        print(f"sent      {lines} lines in {datagrams} datagrams")
        print(f"received  {received} datagrams, as far as no kill has wiped it out")
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
        for kind, reason in REASONS.items():
            counted = self._sum(f"rejected_{reason}")
            print(f"rejected  {counted} {reason}, of {sent[kind]} sent")
            if counted > sent[kind] or (not self.accepted and counted != sent[kind]):
                self.faults.append(f"rejected_{reason} is not what was sent")
        others = self._sum("rejected") - sum(self._sum(f"rejected_{r}") for r in REASONS.values())
        if others:
            self.faults.append(f"{others} lines were rejected for other reasons")

    def _print_left(self) -> None:
        for name in ("dropped_newest", "dropped_oldest", "dropped_kernel"):
            dropped = self._sum(name)
            print(f"dropped   {dropped} {name}")
            if dropped:
                self.faults.append(f"{name}: the load was too much for this machine")
        left = self._daemon.totals()["in_ring"]
        print(f"in ring   {left} datagrams")
        if left:
            self.faults.append("the last stop has left datagrams in the ring")
        for line in self._daemon.bugs() + self._daemon.lines_of_log("ledger_imbalance"):
            self.faults.append(line)

    def _sent(self) -> Counter:
        return sum((sender.counts() for sender in self._senders), Counter())

    def _sum(self, name: str) -> int:
        """A figure of the daemon, of all its runs: the last that each of them told."""
        total, last = 0, 0
        for line in self._daemon.log().splitlines():
            if " event=started" in line:
                total, last = total + last, 0
            elif found := re.search(rf" {name}=(\d+)\b", line):
                if " event=summary" in line or " event=stopped" in line:
                    last = int(found[1])
        return total + last
