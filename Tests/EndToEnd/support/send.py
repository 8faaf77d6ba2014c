"""Senders: sockets, and a bounded load whose every row is numbered."""

import itertools
import socket
import threading
import time

from support.wait import wait_for

NANOSECONDS = 1_000_000_000


def free_port(address: str = "127.0.0.1") -> int:
    """A UDP port that nobody has at the moment."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Sender:
    def __init__(self, port: int, address: str = "127.0.0.1", source: str | None = None) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        if source is not None:
            self._socket.bind((source, 0))
        self._target = (address, port)

    def send(self, *lines: str) -> None:
        """One datagram of so many lines."""
        self.send_bytes("\n".join(lines).encode())

    def send_bytes(self, datagram: bytes) -> None:
        self._socket.sendto(datagram, self._target)

    def close(self) -> None:
        self._socket.close()


# Without a key: a row that is written twice is there twice.
NUMBERED_COLUMNS = '"timestamp" timestamptz NOT NULL, source bigint, number bigint'


def numbered_line(table: str, number: int) -> str:
    """All lines have the same length, so all datagrams take the same space in the ring."""
    moment = 1_790_000_000 * NANOSECONDS + number * 1000
    return f"{table},source={number % 10} number={1_000_000_000 + number}i {moment}"


class Load:
    """Sends numbered rows at a bounded rate from a thread of its own."""

    def __init__(
        self,
        port: int,
        table: str = "numbered",
        lines: int = 5,
        rate: int = 400,
        first: int = 0,
    ) -> None:
        self.lines_per_datagram = lines
        # The number of the next row.
        self.sent = first
        self._table = table
        self._pause = 1 / rate
        self._sender = Sender(port)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        start = time.monotonic()
        for turn in itertools.count():
            if self._stopping.is_set():
                return
            first = self.sent
            numbers = range(first, first + self.lines_per_datagram)
            try:
                self._sender.send(*(numbered_line(self._table, number) for number in numbers))
            except ConnectionRefusedError:
                pass
            self.sent = numbers.stop
            ahead = start + turn * self._pause - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)

    def start(self) -> "Load":
        self._thread.start()
        return self

    def go_on(self, rows: int) -> None:
        """Waits until so many more rows are sent."""
        goal = self.sent + rows
        wait_for(
            f"{rows} more rows to be sent",
            lambda: self.sent >= goal or not self._thread.is_alive(),
        )
        assert self.sent >= goal, "the sender has ended"

    def stop(self) -> int:
        """Stops sending and says how many rows were sent: those numbered below it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._sender.close()
        return self.sent


def numbers(database, table: str = "numbered") -> list[int]:
    return [
        number - 1_000_000_000
        for (number,) in database.rows(f"SELECT number FROM {table} ORDER BY number")
    ]
