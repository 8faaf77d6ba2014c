"""The service manager holds the socket and hands it over: what arrives meanwhile waits in it."""

import socket

import pytest

from support.send import Load, numbered_line, numbers
from support.wait import wait_for, wait_until_equal

# Few enough for the kernel's smallest receive buffer to hold what a restart takes.
DATAGRAMS_PER_SECOND = 50
# Fast enough for kills to meet a receiver at work.
FAST = 1000
# Bytes that hold what a start takes even on a busy machine.
RECEIVE_BUFFER = 32 << 20
SO_RCVBUFFORCE = 33


@pytest.fixture
def activated(daemon):
    daemon.handed_over = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.handed_over.bind(("127.0.0.1", daemon.port))
    try:
        daemon.handed_over.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        daemon.handed_over.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    return daemon


def test_what_was_sent_before_the_start_arrives(activated, numbered):
    sender = activated.sender()
    for number in range(20):
        sender.send(numbered_line("numbered", number))
    activated.start()
    wait_until_equal("the rows", lambda: numbers(numbered), list(range(20)))


def test_restarts_under_load_lose_nothing(activated, numbered):
    activated.start()
    load = Load(activated.port, rate=DATAGRAMS_PER_SECOND).start()
    for _ in range(3):
        goal = load.sent + 50
        wait_for("rows under load", lambda: numbered.count("numbered") >= goal)
        assert activated.stop() == 0
        activated.start()
    sent = load.stop()
    wait_for(f"{sent} rows", lambda: numbered.count("numbered") >= sent)
    assert numbers(numbered) == list(range(sent))


def test_kills_under_load_lose_nothing_where_there_is_a_runtime_directory(
    activated, numbered, folder
):
    runtime = folder / "runtime"
    runtime.mkdir()
    activated.variables["RUNTIME_DIRECTORY"] = str(runtime)
    activated.start()
    load = Load(activated.port, rate=FAST).start()
    for _ in range(20):
        goal = load.sent + 200
        wait_for("rows under load", lambda: numbered.count("numbered") >= goal)
        activated.kill()
        activated.start()
    sent = load.stop()
    wait_until_equal("the number of rows", lambda: numbered.count("numbered"), sent)
    assert numbers(numbered) == list(range(sent))


def test_a_kill_under_load_loses_at_most_what_was_just_being_received(activated, numbered):
    activated.start()
    load = Load(activated.port, rate=DATAGRAMS_PER_SECOND).start()
    goal = load.sent + 50
    wait_for("rows under load", lambda: numbered.count("numbered") >= goal)
    activated.kill()
    activated.start()
    sent = load.stop()
    wait_for("the last row", lambda: sent - 1 in numbers(numbered))
    written = numbers(numbered)
    assert len(written) == len(set(written))
    # Without a runtime directory. At this rate the daemon holds no more than a datagram or two outside of ring and socket.
    assert sent - len(written) <= 2 * load.lines_per_datagram
