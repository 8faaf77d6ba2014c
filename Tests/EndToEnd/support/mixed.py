"""A load of good lines for two tables, of lines that are none, of rows that their table refuses,
and of repeated ones. A line's number says which of these it is."""

import threading
import time
from collections import Counter
from typing import Callable

from .send import Sender

# By a line's number modulo this, the kind of line.
CYCLE = 20
KINDS = ["readings"] * 12 + ["levels"] * 5 + ["malformed", "refused", "repeated"]
TABLES = ("readings", "levels")
# Why the daemon rejects lines of the other kinds.
REASONS = {
    "malformed": "value",
    "refused": "check_violation",
    "repeated": "unique_violation",
}
# A repeated line is this many lines behind what it repeats.
REPEATED_BEHIND = 3

CREATE = (
    'CREATE TABLE readings ("timestamp" timestamptz NOT NULL, source bigint, number bigint)',
    """CREATE TABLE levels ("timestamp" timestamptz NOT NULL, source bigint, number bigint,
    height integer CHECK (height >= 0), UNIQUE ("timestamp", source, number))""",
    "GRANT INSERT ON readings, levels TO sluice",
)


def kind(number: int) -> str:
    return KINDS[number % CYCLE]


def line(source: int, number: int, start: int) -> str:
    moment = start + number * 1000
    match kind(number):
        case "readings":
            return f"readings,source={source} number={number}i {moment}"
        case "malformed":
            return f"readings,source={source} number={number}j {moment}"
        case "refused":
            return f"levels,source={source} number={number}i,height=-1i {moment}"
        case "repeated":
            return line(source, number - REPEATED_BEHIND, start)
    return f"levels,source={source} number={number}i,height=1i {moment}"


class MixedSender:
    """A sender of its own thread: so many lines in a datagram, so many datagrams a second."""

    def __init__(
        self, port: int, source: int, lines: int, rate: int, may_send: Callable[[], bool]
    ) -> None:
        self.source = source
        self.lines = lines
        # Lines with numbers below this.
        self.sent = 0
        # A day ago, in whole microseconds.
        self._start = time.time_ns() // 1000 * 1000 - 86_400_000_000_000
        self._pause = 1 / rate
        self._may_send = may_send
        self._sender = Sender(port)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(self._pause):
            if not self._may_send():
                continue
            numbers = range(self.sent, self.sent + self.lines)
            self._sender.send(*(line(self.source, number, self._start) for number in numbers))
            self.sent = numbers.stop

    @property
    def datagrams(self) -> int:
        return self.sent // self.lines

    def counts(self) -> Counter:
        """Lines that were sent, by kind."""
        whole, rest = divmod(self.sent, CYCLE)
        counts = Counter(KINDS[:rest])
        for name, count in Counter(KINDS).items():
            counts[name] += whole * count
        return counts

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._sender.close()
