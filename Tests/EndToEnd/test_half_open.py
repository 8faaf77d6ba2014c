"""A connection whose other end is gone without a word: it is found, and its locks are freed."""

import ctypes
import os
import socket
from pathlib import Path

import pytest

from support.proxy import Fault, Proxy
from support.send import Load, numbers
from support.wait import wait_for
from test_exactly_once import POINTS, all_rows_are_there_once, go_on, proxy  # noqa: F401

PIDFD_GETFD = 438
TCP_USER_TIMEOUT = 18
# Half open connections are found within a minute and a half, whatever is on its way.
LIMIT_MILLISECONDS = 90_000
# An operator can shorten it.
HASTY = " tcp_user_timeout=1000 keepalives_idle=1 keepalives_interval=1 keepalives_count=1"


def database_sockets(pid: int) -> list[socket.socket]:
    """Duplicates of the process's TCP connections."""
    process = os.pidfd_open(pid)
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if "socket:" not in os.readlink(link):
            continue
        number = ctypes.CDLL(None).syscall(PIDFD_GETFD, process, int(link.name), 0)
        one = socket.socket(fileno=number)
        if one.family == socket.AF_INET and one.type == socket.SOCK_STREAM:
            found.append(one)
    os.close(process)
    return found


def test_what_is_not_acknowledged_ends_the_connection_before_long(daemon, numbered, proxy):
    daemon.start()
    daemon.wait_for_log("database_connected")
    sockets = database_sockets(daemon.pid)
    assert sockets
    for one in sockets:
        limit = one.getsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT)
        assert 0 < limit <= LIMIT_MILLISECONDS


@pytest.mark.parametrize("point", POINTS)
def test_a_half_open_connection_holds_nothing_up_for_long(daemon, numbered, proxy, point):
    at, passes = POINTS[point]
    daemon.config["database"]["conninfo"] += HASTY
    daemon.start()
    load = Load(daemon.port).start()
    go_on(numbered, load)
    # The server never hears of the end: its session stays, with all its locks.
    proxy.inflict(Fault(at, "vanish", passes))
    go_on(numbered, load)
    all_rows_are_there_once(numbered, load.stop())
