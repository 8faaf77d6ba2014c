"""Drives the built binary: configuration, start, signals, what it says."""

import os
import re
import signal
import socket
import subprocess
from collections import defaultdict
from pathlib import Path

from . import toml
from .notify import Notifications
from .send import Sender, free_port
from .server import PROJECT
from .wait import PATIENCE_SECONDS, wait_for

BINARY = Path(os.environ.get("SLUICE_BINARY") or PROJECT / ".build" / "release" / "sluice")

# What a sanitizer or the Swift runtime writes when something is wrong with the program itself.
BUG_MARKS = ("Sanitizer:", "Fatal error:", "Precondition failed", "Assertion failed")


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The environment for the daemon, without what would change what it does."""
    dropped = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "JOURNAL_STREAM", "STATE_DIRECTORY")
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in dropped and not key.startswith("PG")
    }
    return kept | (extra or {})


def run_sluice(*arguments: str, input: bytes = b"") -> subprocess.CompletedProcess:
    """A command that ends by itself."""
    return subprocess.run(
        [BINARY, *arguments],
        input=input,
        capture_output=True,
        env=environment(),
        timeout=PATIENCE_SECONDS,
    )


# Rows that only say that what was sent before them has been written.
WEATHER = "environmental_weatherdata"
MARKER_AREA = -1
MARKER_TIME = 1_780_000_000_000_000_000


def socket_fields(port: int) -> list[str]:
    """What the kernel says of the listener at this port."""
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].split(":")[1], 16) == port:
            return fields
    raise AssertionError(f"nobody listens at port {port}")


def queued_bytes(port: int) -> int:
    """What the kernel holds for the listener at this port."""
    return int(socket_fields(port)[4].split(":")[1], 16)


def dropped_datagrams(port: int) -> int:
    """What the kernel has dropped because nobody took it in time."""
    return int(socket_fields(port)[12])


class Daemon:
    """One configuration and its ring; the process may be started many times."""

    def __init__(self, folder: Path, conninfo: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.config: dict = {
            "database": {"conninfo": conninfo, "retry_min": "50ms", "retry_max": "1s"},
            "ring": {"directory": folder / "ring", "size": "16MiB", "overflow": "drop-newest"},
            "batch": {"interval": "5ms"},
            "udp": [
                {"listen": f"127.0.0.1:{self.port}", "name": "main", "precision": "ns"},
            ],
            "status": {"interval": "1s"},
            "log": {"level": "info", "format": "text"},
        }
        # A socket that the service manager would have opened, and hands over as descriptor 3.
        self.handed_over: socket.socket | None = None
        # Of the process's environment, beside what every run has.
        self.variables: dict[str, str] = {}
        # A program that starts the daemon with other rights, with its arguments.
        self.prefix: list[str] = []
        self.notifications: Notifications | None = None
        self._process: subprocess.Popen | None = None
        self._markers = 0
        self._senders: list[Sender] = []
        self._log = folder / "log"
        self._log.touch()
        (folder / "ring").mkdir()

    @property
    def config_file(self) -> Path:
        return self.folder / "sluice.toml"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def write_config(self) -> None:
        self.config_file.write_text(toml.dump(self.config))

    def launch(self, extra: dict[str, str] | None = None) -> None:
        """Starts the process and does not wait for it."""
        self.write_config()
        if self.notifications is not None:
            self.notifications.close()
        self.notifications = Notifications(self.folder / "notify")
        variables = {"NOTIFY_SOCKET": str(self.notifications.path), "WATCHDOG_USEC": "2000000"}
        handing, descriptors = [], ()
        if self.handed_over is not None:
            descriptors = (self.handed_over.fileno(),)
            # bash, because a plain sh need not know descriptors of two digits.
            script = f'exec 3<&{descriptors[0]}; LISTEN_PID=$$ exec "$@"'
            handing = ["bash", "-c", script, "bash"]
            variables |= {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "main"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.prefix, *handing, BINARY, "run", "--config", self.config_file],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(variables | self.variables | (extra or {})),
                pass_fds=descriptors,
                start_new_session=True,
            )

    def start(self) -> "Daemon":
        """Starts the process and waits until it says READY=1."""
        self.launch()
        wait_for("READY=1 or the daemon's end", lambda: self.is_ready() or not self.is_running())
        assert self.is_running(), f"the daemon ended with {self._process.returncode}:\n{self.log()}"
        return self

    def is_ready(self) -> bool:
        return self.notifications is not None and self.notifications.has("READY")

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "the daemon was never started"
        code = self._process.poll()
        assert code is None, f"the daemon has ended with {code}:\n{self.log()}"
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(timeout=PATIENCE_SECONDS)

    def stop(self) -> int:
        """Asks it to stop and gives its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for_log(self, pattern: str) -> str:
        """Waits for a line that matches and returns it."""
        return wait_for(f"a line like {pattern!r} in the log", lambda: self.find_in_log(pattern))

    def find_in_log(self, pattern: str) -> str | None:
        expression = re.compile(pattern, re.IGNORECASE)
        return next((line for line in self.log().splitlines() if expression.search(line)), None)

    def lines_of_log(self, pattern: str) -> list[str]:
        expression = re.compile(pattern, re.IGNORECASE)
        return [line for line in self.log().splitlines() if expression.search(line)]

    def totals(self) -> dict[str, int]:
        """The figures of the daemon's last words; what is not there is zero."""
        last = self.lines_of_log("event=stopped")[-1]
        return defaultdict(int, {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)\b", last)})

    def status(self) -> str:
        statuses = self.notifications.statuses()
        return statuses[-1] if statuses else ""

    def wait_for_status(self) -> None:
        before = len(self.notifications.statuses())
        wait_for("a status", lambda: len(self.notifications.statuses()) > before)

    def wait_until_received(self) -> None:
        """Waits until what was sent so far is in the ring: the socket is empty, and some time
        later the daemon still moves."""
        wait_for("an empty socket", lambda: queued_bytes(self.port) == 0)
        self.wait_for_status()
        self.wait_for_status()

    def wait_until_written(self, database) -> None:
        """Waits until everything that was accepted so far is in the tables: the ring keeps the
        order, so a row that was sent later says so. A full ring drops some of these."""
        sender = self.sender()
        first = MARKER_TIME + self._markers * 1000

        def marker_is_there() -> bool:
            moment = MARKER_TIME + self._markers * 1000
            self._markers += 1
            sender.send(f"{WEATHER},area_id={MARKER_AREA} cloud_cover=0 {moment}")
            return bool(
                database.value(
                    f"""SELECT count(*) FROM {WEATHER} WHERE area_id = {MARKER_AREA}
                        AND "timestamp" >= to_timestamp({first // 1000} / 1000000.0)"""
                )
            )

        wait_for("a row behind all that was accepted", marker_is_there)

    @property
    def markers_sent(self) -> int:
        return self._markers

    def reload(self) -> None:
        """Writes the configuration anew, sends SIGHUP and waits until the daemon is through."""
        ready = self.notifications.count("READY")
        self.write_config()
        self.signal(signal.SIGHUP)
        wait_for("the reload's end", lambda: self.notifications.count("READY") > ready)

    def resident_bytes(self) -> int:
        """The largest resident size so far."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024

    def sender(self, **options) -> Sender:
        options.setdefault("port", self.port)
        self._senders.append(Sender(**options))
        return self._senders[-1]

    def close(self) -> None:
        """Leaves nothing behind, whatever the test did."""
        for sender in self._senders:
            sender.close()
        if self.is_running():
            self._process.kill()
            self._process.wait()
        if self.notifications is not None:
            self.notifications.close()
        if self.handed_over is not None:
            self.handed_over.close()

    def bugs(self) -> list[str]:
        return [line for line in self.log().splitlines() if any(m in line for m in BUG_MARKS)]
