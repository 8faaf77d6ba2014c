"""No datagram is lost or doubled, whatever becomes of the service: all of them are counted."""

import os
import signal
import time

import pytest

import machine_under_test as machine
from machine_under_test import drop_in, main_pid, run, show, systemctl
from support.send import Load, Sender, numbered_line, numbers
from support.wait import wait_for, wait_until_equal


def check_all(farm, load: Load) -> None:
    """Every row that was sent is there once."""
    sent = load.stop()
    wait_until_equal("the number of rows", farm.count, sent)
    assert numbers(farm) == list(range(sent))


@pytest.fixture
def load(farm, start_load) -> Load:
    """A busy farm: a thousand datagrams of five rows a second."""
    load = start_load()
    wait_for("rows under load", lambda: farm.count() > 500)
    return load


def wait_for_another(pid: int) -> None:
    wait_for("another process", lambda: main_pid() not in (0, pid) and machine.is_active())


def test_what_is_sent_before_the_start_waits_in_the_socket(farm):
    systemctl("stop", "sluice.socket", "sluice.service")
    machine.hold_the_start()
    systemctl("start", "sluice.socket")
    sender = Sender(machine.PORT)
    for number in range(500):
        sender.send(numbered_line("numbered", number))
    # The first of them has started the service.
    wait_until_equal("the held start", lambda: show("SubState"), "start-pre")
    machine.GO.touch()
    wait_until_equal("the rows", lambda: numbers(farm), list(range(500)))


def test_the_arrival_time_is_that_of_the_kernel_and_not_of_the_start(farm):
    systemctl("kill", "--signal=STOP", "sluice.service")
    before = time.time()
    Sender(machine.PORT).send("numbered,source=1 number=7i")
    wait_for("a moment much later", lambda: time.time() > before + 1.5)
    systemctl("kill", "--signal=CONT", "sluice.service")
    wait_until_equal("the row", farm.count, 1)
    ((stamp,),) = farm.rows('SELECT extract(epoch FROM "timestamp")::float8 FROM numbered')
    assert before - 0.1 <= stamp <= before + 1.0


def test_restarts_under_load(farm, load):
    for _ in range(3):
        systemctl("restart", "sluice.service")
    check_all(farm, load)


@pytest.mark.parametrize("turn", range(3))
def test_kills_under_load(farm, load, turn):
    for _ in range(3):
        pid = main_pid()
        os.kill(pid, signal.SIGKILL)
        wait_for_another(pid)
    check_all(farm, load)


def test_a_hung_daemon_is_aborted_by_the_watchdog_under_load(farm, load):
    drop_in("watchdog.conf", "[Service]\nWatchdogSec=2s\n")
    systemctl("restart", "sluice.service")
    pid = main_pid()
    os.kill(pid, signal.SIGSTOP)
    wait_for_another(pid)
    journal = run("journalctl", "-u", "sluice", "-o", "cat", "-n", "200")
    assert "Watchdog timeout" in journal
    check_all(farm, load)


def test_an_outage_of_the_database_is_no_hang(farm, load):
    drop_in("watchdog.conf", "[Service]\nWatchdogSec=2s\n")
    systemctl("restart", "sluice.service")
    pid = main_pid()
    systemctl("stop", "postgresql@15-main")
    wait_for("a status about it", lambda: "database unreachable for" in machine.status())
    wait_for("three times the watchdog", lambda: "unreachable for 6" in machine.status())
    assert main_pid() == pid
    assert ", buffering, receiving" in machine.status()
    assert "full in about" in machine.status()
    systemctl("start", "postgresql@15-main")
    check_all(farm, load)
    assert main_pid() == pid


def test_an_upgrade_under_load(farm, load, package, tmp_path):
    tree = tmp_path / "tree"
    run("dpkg-deb", "--raw-extract", str(package), str(tree))
    control = tree / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("Version: ", "Version: 1:"))
    upgrade = tmp_path / "upgrade.deb"
    run("dpkg-deb", "--build", "--root-owner-group", "-Znone", str(tree), str(upgrade))
    socket = show("InvocationID", "sluice.socket")
    pid = main_pid()
    # The configuration was changed here: it stays.
    run("dpkg", "--install", "--force-confold", str(upgrade))
    wait_for_another(pid)
    assert show("InvocationID", "sluice.socket") == socket
    assert machine.CONFIGURATION.read_text() == machine.LOCAL
    check_all(farm, load)
    run("dpkg", "--install", "--force-downgrade", "--force-confold", str(package))


def test_stopping_writes_what_is_in_the_ring_and_says_so(farm, load):
    place = machine.cursor()
    systemctl("stop", "sluice.socket")
    sent = load.stop()
    assert not machine.is_active() and not machine.is_active("sluice.socket")
    machine.wait_for_event(place, "drained")
    machine.wait_for_event(place, "stopped")
    assert show("Result") == "success"
    # What was sent to a port that nobody holds is lost, and nothing is there twice.
    found = numbers(farm)
    assert found == list(range(len(found))) and len(found) <= sent
