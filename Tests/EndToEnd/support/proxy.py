"""A proxy between the daemon and its server that goes wrong at a chosen message.

It understands PostgreSQL's protocol just enough to see where a message ends and the next begins."""

import ctypes
import os
import socket
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from .wait import wait_for

DAEMON, SERVER = "daemon", "server"

# A filter for arriving packets, of one instruction: keep nothing. The kernel does not even
# acknowledge what it gets then, as if the cable were cut.
SO_ATTACH_FILTER, KEEP_NOTHING = 26, struct.pack("HBBI", 6, 0, 0, 0)


@dataclass(frozen=True)
class Message:
    sender: str
    kind: bytes
    body: bytes

    @property
    def statement(self) -> str:
        """What the daemon asks for, in capitals; empty for other messages."""
        if self.sender != DAEMON or self.kind not in (b"Q", b"P"):
            return ""
        return self.body.strip(b"\0").decode(errors="replace").upper()

    @property
    def completed(self) -> str:
        """What the server says that it has done; empty for other messages."""
        if self.sender != SERVER or self.kind != b"C":
            return ""
        return self.body.rstrip(b"\0").decode()

    def is_copy(self, kind: bytes) -> bool:
        """`d` for a piece of data, `c` for their end."""
        return self.sender == DAEMON and self.kind == kind


@dataclass
class Fault:
    """Goes wrong once, at the first message for which `at` is true.

    cut: both connections end. reset: that of the daemon without a farewell. silence: both stay,
    and nothing passes. vanish: as silence, and the kernel does not even acknowledge what the daemon
    sends. late: the daemon's connection ends, and the server gets the message `seconds` later.
    delay: the message takes `seconds`, and all is well."""

    at: Callable[[Message], bool]
    then: str
    # How much of that message passes before, from 0 to 1.
    passes: float = 0.0
    seconds: float = 0.0
    # How many of such messages pass before that.
    skip: int = 0
    happened: threading.Event = field(default_factory=threading.Event)


class Link:
    """One connection of the daemon, and the one to the server that belongs to it."""

    def __init__(self, proxy: "Proxy", daemon: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._sockets = {DAEMON: daemon, SERVER: server}
        self.is_silent = threading.Event()
        self._is_over = threading.Event()
        for sender in (DAEMON, SERVER):
            threading.Thread(target=self._run, args=(sender,), daemon=True).start()

    def _run(self, sender: str) -> None:
        try:
            self._pass_on(sender)
        except OSError:
            pass
        if self.is_silent.is_set():
            self._is_over.wait()
        self.end()

    def _pass_on(self, sender: str) -> None:
        source = self._sockets[sender].makefile("rb", buffering=1 << 18)
        target = self._sockets[SERVER if sender == DAEMON else DAEMON]
        # Only the daemon's first message has no letter.
        kind_length = 0 if sender == DAEMON else 1
        while head := source.read(kind_length + 4):
            body = source.read(struct.unpack("!I", head[kind_length:])[0] - 4)
            fault = self._proxy.fault_at(Message(sender, head[:kind_length], body))
            if self.is_silent.is_set():
                return
            if fault is None:
                target.sendall(head + body)
            elif not self._go_wrong(fault, target, head + body):
                return
            kind_length = 1

    def _go_wrong(self, fault: Fault, target: socket.socket, data: bytes) -> bool:
        """Whether messages go on to pass."""
        cut = int(len(data) * fault.passes)
        target.sendall(data[:cut])
        if fault.then == "delay":
            fault.happened.set()
            self._is_over.wait(fault.seconds)
            target.sendall(data[cut:])
            return True
        if fault.then == "late":
            self.is_silent.set()
            end(self._sockets[DAEMON])
            fault.happened.set()
            self._is_over.wait(fault.seconds)
            target.sendall(data[cut:])
            self.end()
        elif fault.then in ("silence", "vanish"):
            self.is_silent.set()
            if fault.then == "vanish":
                vanish(self._sockets[DAEMON])
        else:
            if fault.then == "reset":
                reset(self._sockets[DAEMON])
            self.end()
        fault.happened.set()
        return False

    def end(self) -> None:
        self._is_over.set()
        for one in self._sockets.values():
            end(one)


def end(one: socket.socket) -> None:
    """Wakes the thread that reads from it, too."""
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    one.close()


def reset(one: socket.socket) -> None:
    """Disconnects, which the other side gets to know as a reset: a close would have to wait for the
    thread that reads."""
    unspecified = ctypes.create_string_buffer(struct.pack("H14x", socket.AF_UNSPEC))
    done = ctypes.CDLL(None, use_errno=True).connect(one.fileno(), unspecified, 16)
    assert done == 0, os.strerror(ctypes.get_errno())


def vanish(one: socket.socket) -> None:
    instruction = ctypes.create_string_buffer(KEEP_NOTHING)
    program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(instruction))
    one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


class Proxy:
    """Listens on TCP and passes everything on to the server whose socket is in `folder`."""

    def __init__(self, folder: str) -> None:
        self._server = str(Path(folder) / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._links: list[Link] = []
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def conninfo(self, database: str) -> str:
        return (
            f"host=127.0.0.1 port={self._port} dbname={database} user=sluice"
            " sslmode=disable gssencmode=disable"
        )

    def _listen(self) -> None:
        while True:
            try:
                daemon, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._server)
            except OSError:
                end(server)
                end(daemon)
                continue
            daemon.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._links.append(Link(self, daemon, server))

    def fault_at(self, message: Message) -> Fault | None:
        with self._lock:
            if not self._faults or not self._faults[0].at(message):
                return None
            if self._faults[0].skip > 0:
                self._faults[0].skip -= 1
                return None
            return self._faults.pop(0)

    def arm(self, *faults: Fault) -> None:
        """They happen one after the other."""
        with self._lock:
            self._faults += faults

    def inflict(self, fault: Fault) -> None:
        """Waits until it has happened."""
        self.arm(fault)
        wait_for("the fault", fault.happened.is_set)

    def end_silence(self) -> None:
        """Ends the connections on which nothing passes, as the two ends would after a long time."""
        with self._lock:
            silent = [link for link in self._links if link.is_silent.is_set()]
        for link in silent:
            link.end()

    def close(self) -> None:
        end(self._listener)
        self._thread.join()
        for link in self._links:
            link.end()
