"""Plays systemd's side of sd_notify: a socket that keeps what the daemon says."""

import socket
import threading
from pathlib import Path

from .wait import wait_for


class Notifications:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._messages: list[dict[str, str]] = []
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while message := self._socket.recv(65536):
            fields = dict(
                line.split("=", 1) for line in message.decode().splitlines() if "=" in line
            )
            with self._lock:
                self._messages.append(fields)

    def messages(self) -> list[dict[str, str]]:
        with self._lock:
            return list(self._messages)

    def has(self, field: str, value: str = "1") -> bool:
        return any(message.get(field) == value for message in self.messages())

    def count(self, field: str, value: str = "1") -> int:
        return sum(message.get(field) == value for message in self.messages())

    def statuses(self) -> list[str]:
        return [message["STATUS"] for message in self.messages() if "STATUS" in message]

    def wait_for_field(self, field: str, value: str = "1") -> None:
        wait_for(f"{field}={value} from the daemon", lambda: self.has(field, value))

    def close(self) -> None:
        # An empty datagram ends the listening thread.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(self.path))
        self._thread.join()
        self._socket.close()
        self.path.unlink()
