"""A server that hangs: its connections stand, and no answer comes."""

import os
import signal

import pytest

from support.send import Load, numbered_line, numbers
from support.wait import wait_for

# More than the 10 s after which the daemon tells of it.
NOT_ANSWERED = "the database does not answer"


@pytest.fixture
def load(daemon, numbered):
    daemon.start()
    load = Load(daemon.port, rate=100).start()
    wait_for("rows under load", lambda: numbered.count("numbered") >= 100)
    yield load
    load.stop()


def all_rows_arrive_once(database, sent: int) -> None:
    wait_for(f"{sent} rows", lambda: database.count("numbered") >= sent)
    assert numbers(database) == list(range(sent))


def test_a_server_that_hangs_is_told_of_and_gets_every_row_once_when_it_goes_on(
    daemon, numbered, load
):
    with numbered.server.frozen():
        assert " warning " in daemon.wait_for_log(NOT_ANSWERED)
        daemon.wait_for_status()
        assert "waiting for the database's answer" in daemon.status()
        assert daemon.is_running()
    all_rows_arrive_once(numbered, load.stop())
    assert " notice " in daemon.wait_for_log("wait for the database's answer is over")
    assert len(daemon.lines_of_log(NOT_ANSWERED)) == 1
    assert daemon.lines_of_log("database_lost|stage_stalled") == []


def test_a_session_that_hangs_and_is_killed_costs_nothing(daemon, numbered, load):
    session = numbered.value(
        f"""SELECT pid FROM pg_stat_activity
            WHERE usename = 'sluice' AND datname = '{numbered.name}'"""
    )
    os.kill(session, signal.SIGSTOP)
    during = load.sent
    wait_for("load meanwhile", lambda: load.sent > during + 500)
    # The server takes it for a crash and starts all sessions anew.
    os.kill(session, signal.SIGKILL)
    wait_for("the server's crash", lambda: daemon.find_in_log("database_lost"))
    numbered.server.wait_until_up()
    all_rows_arrive_once(numbered, load.stop())


def test_a_stop_while_the_server_hangs_ends_in_time_and_keeps_the_rows(daemon, numbered, load):
    daemon.config["batch"]["drain"] = "500ms"
    daemon.reload()
    with numbered.server.frozen():
        during = load.sent
        wait_for("load meanwhile", lambda: load.sent > during + 500)
        sent = load.stop()
        daemon.wait_until_received()
        assert daemon.stop() == 0
        daemon.wait_for_log("readings_left")
        # A start without an answer is no obstacle either.
        daemon.start()
        daemon.sender().send(*(numbered_line("numbered", sent + number) for number in range(5)))
        daemon.wait_until_received()
    all_rows_arrive_once(numbered, sent + 5)


def test_a_server_that_hangs_and_crashes_costs_nothing(daemon, numbered, load):
    with numbered.server.frozen():
        during = load.sent
        wait_for("load meanwhile", lambda: load.sent > during + 500)
    numbered.server.stop("immediate")
    numbered.server.start()
    all_rows_arrive_once(numbered, load.stop())
