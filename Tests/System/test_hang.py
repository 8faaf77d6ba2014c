"""One stage that hangs is noticed, and ends in a new process; everything else is waited for."""

import ctypes
import os
from pathlib import Path

import machine_under_test as machine
from machine_under_test import drop_in, main_pid, run, systemctl
from support.send import numbers
from support.wait import wait_for, wait_until_equal

PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def threads(pid: int, name: str) -> list[int]:
    return [
        int(task.name)
        for task in Path(f"/proc/{pid}/task").iterdir()
        if (task / "comm").read_text().startswith(name)
    ]


def stop_thread(thread: int) -> None:
    """Stops this one thread, as a debugger does; the others go on."""
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        assert libc.ptrace(request, thread, None, None) == 0, os.strerror(ctypes.get_errno())


def reap(thread: int) -> None:
    """A dead thread stays until its debugger has looked at it, and with it the whole process."""
    try:
        os.waitpid(thread, os.WNOHANG | WALL)
    except ChildProcessError:
        pass


def check(farm, load, stage: str) -> None:
    drop_in("watchdog.conf", "[Service]\nWatchdogSec=2s\n")
    systemctl("restart", "sluice")
    place = machine.cursor()
    load = load()
    wait_for("rows under load", lambda: farm.count() > 500)
    pid = main_pid()
    (thread,) = threads(pid, stage)
    stop_thread(thread)

    def is_another() -> bool:
        reap(thread)
        return main_pid() not in (0, pid) and machine.is_active()

    wait_for("another process", is_another)
    entry = machine.wait_for_event(place, "stage_stalled")
    assert entry["SLUICE_STAGE"].startswith(stage)
    assert "Watchdog timeout" in run("journalctl", "-u", "sluice", "-o", "cat", "-n", "300")
    sent = load.stop()
    wait_until_equal("the number of rows", farm.count, sent)
    assert numbers(farm) == list(range(sent))


def test_a_receiver_that_hangs(farm, start_load):
    check(farm, start_load, "receive")


def test_a_writer_that_hangs(farm, start_load):
    """Mostly within a call to the database, which is called back when its time is over."""
    answer = machine.LOCAL.replace("[database]", '[database]\nanswer_timeout = "1s"')
    machine.configure(answer)
    check(farm, start_load, "write")
