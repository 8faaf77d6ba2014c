"""Sockets that the daemon has bound itself: the service manager keeps them for the next process."""

import os
import re
import signal
import socket
from pathlib import Path

import pytest

import machine_under_test as machine
from machine_under_test import drop_in, main_pid, run, show, systemctl
from support.send import Sender, numbers
from support.wait import wait_for, wait_until_equal

OWN_PORT = 9100
TWO = machine.LOCAL + (
    '[[udp]]\nname = "main"\n'
    f'[[udp]]\nname = "own"\nlisten = "127.0.0.1:{OWN_PORT}"\nreceive_buffer = "32MiB"\n'
)


@pytest.fixture
def two(farm):
    """A port of the socket unit, and one of the daemon's own, which takes the example drop-in."""
    example = Path("/usr/share/doc/sluice/examples/remote-database.conf").read_text()
    drop_in("remote-database.conf", example)
    machine.configure(TWO)
    systemctl("restart", "sluice")
    return farm


def is_open(port: int) -> bool:
    return f":{port} " in run("ss", "--udp", "--listening", "--numeric")


def test_kills_and_restarts_under_load(two, start_load):
    load = start_load(OWN_PORT)
    for turn in range(6):
        goal = load.sent + 500
        wait_for("rows under load", lambda: two.count() >= goal)
        pid = main_pid()
        if turn % 2:
            systemctl("restart", "sluice")
        else:
            os.kill(pid, signal.SIGKILL)
        wait_for("another process", lambda: main_pid() not in (0, pid) and machine.is_active())
        # It is the same socket, so nobody was ever told that the port is closed.
        assert is_open(OWN_PORT)
    sent = load.stop()
    wait_until_equal("the number of rows", two.count, sent)
    assert numbers(two) == list(range(sent))


def test_only_own_sockets_are_kept_and_each_once(two):
    for _ in range(3):
        systemctl("restart", "sluice")
    assert show("NFileDescriptorStore") == "1"


def test_the_socket_of_a_listener_that_is_gone_is_closed(two):
    assert is_open(OWN_PORT)
    machine.configure(TWO.replace(f":{OWN_PORT}", f":{OWN_PORT + 1}"))
    systemctl("restart", "sluice")
    wait_for("the old port closed", lambda: not is_open(OWN_PORT))
    assert is_open(OWN_PORT + 1)
    wait_until_equal("the sockets that are kept", lambda: show("NFileDescriptorStore"), "1")


def test_a_stop_closes_them(two):
    systemctl("stop", "sluice")
    assert not is_open(OWN_PORT) and is_open(machine.PORT)


def test_without_the_drop_in_it_is_told_what_to_do(farm):
    place = machine.cursor()
    machine.configure(TWO)
    systemctl("restart", "--no-block", "sluice")
    entry = machine.wait_for_event(place, "start_failed")
    assert "RestrictAddressFamilies=" in entry["MESSAGE"]


def test_what_was_dropped_while_nobody_read_is_told_at_the_start(farm):
    """The socket keeps its drop counter; a small buffer makes it grow."""
    systemctl("stop", "sluice.socket")
    folder = Path("/etc/systemd/system/sluice.socket.d")
    folder.mkdir(exist_ok=True)
    (folder / "small.conf").write_text("[Socket]\nReceiveBuffer=4K\n")
    machine.hold_the_start()
    try:
        systemctl("start", "sluice.socket")
        place = machine.cursor()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(500):
                sender.sendto(b"numbered,source=1 number=%di" % number, ("127.0.0.1", machine.PORT))
        machine.GO.touch()
        entry = machine.wait_for_event(place, "kernel_drops")
        dropped = int(entry["SLUICE_DATAGRAMS"])
        wait_until_equal("the others", farm.count, 500 - dropped)
        assert "before this start" in entry["MESSAGE"] and dropped > 0
    finally:
        (folder / "small.conf").unlink()
        systemctl("daemon-reload")


def test_several_sockets_of_one_name_and_a_second_unit(farm):
    """Two addresses of one unit belong to one listener; another unit has a name of its own."""
    folder = Path("/etc/systemd/system/sluice.socket.d")
    folder.mkdir(exist_ok=True)
    (folder / "more.conf").write_text(
        "[Socket]\nReusePort=yes\nListenDatagram=\n"
        "ListenDatagram=127.0.0.1:8089\nListenDatagram=127.0.0.1:8089\nListenDatagram=[::1]:8089\n"
    )
    tanks = Path("/etc/systemd/system/sluice-tanks.socket")
    try:
        systemctl("stop", "sluice.socket")
        systemctl("daemon-reload")
        systemctl("start", "sluice.socket", "sluice.service")
        # The second port is added to a service that runs, as the documentation says.
        tanks.write_text(Path("/usr/share/doc/sluice/examples/sluice-tanks.socket").read_text())
        example = Path("/usr/share/doc/sluice/examples/sluice-tanks.conf").read_text()
        drop_in("sluice-tanks.conf", example)
        systemctl("restart", "sluice")
        assert run("systemd-analyze", "verify", str(tanks), check=False) == ""
        sent = 0
        for family, address, port in (
            (socket.AF_INET, "127.0.0.1", 8089), (socket.AF_INET6, "::1", 8089),
            (socket.AF_INET, "127.0.0.1", 8090),
        ):
            for _ in range(50):
                # Each from a port of its own: the kernel chooses the socket by it.
                with socket.socket(family, socket.SOCK_DGRAM) as sender:
                    sender.sendto(b"numbered,source=1 number=%di" % sent, (address, port))
                sent += 1
        wait_until_equal("the rows", lambda: farm.rows("SELECT number FROM numbered ORDER BY 1"),
                         [(number,) for number in range(sent)])
        books = run("sluice", "ring", "ledger", "--json")
        assert dict(re.findall(r'"listener":"(\w+)".*?"received":\{"datagrams":(\d+)', books)) == {
            "main": "100", "tanks": "50"
        }
        systemctl("stop", "sluice.socket")
        assert not machine.is_active() and not machine.is_active("sluice-tanks.socket")
    finally:
        systemctl("stop", "sluice.socket")
        tanks.unlink(missing_ok=True)
        (folder / "more.conf").unlink()
        systemctl("daemon-reload")


def test_a_single_listener_with_an_address_of_its_own_gets_that_one(farm):
    """And not the socket of the unit, which is elsewhere."""
    example = Path("/usr/share/doc/sluice/examples/remote-database.conf").read_text()
    drop_in("remote-database.conf", example)
    place = machine.cursor()
    machine.configure(machine.LOCAL + f'[[udp]]\nlisten = "127.0.0.1:{OWN_PORT}"\n')
    systemctl("restart", "sluice")
    Sender(OWN_PORT).send("numbered,source=1 number=1i")
    wait_until_equal("the row", farm.count, 1)
    assert machine.wait_for_event(place, "socket_unused")["SLUICE_NAME"] == "main"


def test_who_may_not_send_is_dropped_by_the_kernel_and_counted(farm):
    folder = Path("/etc/systemd/system/sluice.socket.d")
    folder.mkdir(exist_ok=True)
    allow = folder / "allow.conf"
    allow.write_text("[Socket]\nIPAddressAllow=\nIPAddressAllow=127.0.0.2\n")
    try:
        systemctl("stop", "sluice.socket")
        systemctl("daemon-reload")
        systemctl("start", "sluice.socket", "sluice.service")
        for number in range(8):
            source = "127.0.0.2" if number < 3 else "127.0.0.1"
            Sender(machine.PORT, source=source).send(f"numbered,source=1 number={number}i")
        wait_until_equal("the rows", farm.count, 3)
        wait_for("the others", lambda: '"dropped_kernel":5' in run("sluice", "status", "--json"))
    finally:
        systemctl("stop", "sluice.socket")
        allow.unlink()
        systemctl("daemon-reload")
