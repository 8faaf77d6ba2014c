"""`systemctl reload` returns when it is done, and fails when it failed."""

import machine_under_test as machine
from machine_under_test import exit_code, main_pid, systemctl
from support.send import Sender
from support.wait import wait_until_equal


def test_a_good_one_is_in_force_when_it_returns(farm):
    pid = main_pid()
    machine.configure(machine.LOCAL + '[[table]]\nname = "numbered"\nmeasurement = ["water"]\n')
    systemctl("reload", "sluice")
    Sender(machine.PORT).send("water,source=3 number=3i")
    wait_until_equal("the row", lambda: farm.rows("SELECT number FROM numbered"), [(3,)])
    assert main_pid() == pid


def test_a_bad_one_fails_and_changes_nothing(farm):
    pid, place = main_pid(), machine.cursor()
    machine.configure(machine.LOCAL + '[[table]]\nnaem = "numbered"\n')
    assert exit_code("systemctl", "reload", "sluice") != 0
    told = [entry["MESSAGE"] for entry in machine.entries(place, "SLUICE_EVENT=reload_failed")]
    assert any("naem" in message for message in told)
    assert main_pid() == pid and machine.is_active()
    Sender(machine.PORT).send("numbered,source=3 number=4i")
    wait_until_equal("the row", lambda: farm.rows("SELECT number FROM numbered"), [(4,)])
    machine.configure(machine.LOCAL)
    systemctl("reload", "sluice")


def test_a_hundred_in_a_row_end_one_by_one(farm):
    for _ in range(100):
        systemctl("reload", "sluice")
    assert machine.is_active()
