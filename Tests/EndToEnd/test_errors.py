"""Errors of the database that no row is to blame for: everything is kept and tried again, the log
says once what to do, and nothing spins."""

import contextlib
import time

import psycopg
import pytest

from support.send import NUMBERED_COLUMNS, Load, numbered_line, numbers
from support.wait import wait_for, wait_until_equal

# How long a trouble stands in these tests.
TROUBLE_SECONDS = 2.5
# With retry_max at 1 s and pauses of half of that at least; the first ones are shorter.
TRIES_PER_SECOND = 2
FIRST_TRIES = 8


class Trouble:
    """Sends rows before, during and after something that goes wrong."""

    def __init__(self, daemon, database) -> None:
        self._daemon = daemon
        self._database = database
        self._sender = daemon.sender()
        self.sent = 0

    def send(self, count: int = 20) -> None:
        for number in range(self.sent, self.sent + count):
            self._sender.send(numbered_line("numbered", number))
        self.sent += count

    def write(self) -> None:
        self.send()
        wait_until_equal("all rows", lambda: numbers(self._database), list(range(self.sent)))

    def last(self, told: str) -> list[str]:
        """Lets it stand for a while; gives the entries that tell of it."""
        self.send()
        self._daemon.wait_for_log(told)
        time.sleep(TROUBLE_SECONDS)
        assert self._daemon.is_running()
        return [line for line in self._daemon.lines_of_log(told) if "event=summary" not in line]


@pytest.fixture
def trouble(daemon, numbered):
    numbered.create_table("other", NUMBERED_COLUMNS)
    numbered.log_statements()
    daemon.start()
    trouble = Trouble(daemon, numbered)
    trouble.write()
    return trouble


def tries_are_bounded(database, message: str) -> None:
    tries = database.errors(message)
    assert 2 <= tries <= FIRST_TRIES + TRIES_PER_SECOND * TROUBLE_SECONDS, tries


def raising(code: str, condition: str = "true") -> tuple[str, ...]:
    """Statements for a trigger on `numbered` that fails and counts how often it was asked: a
    sequence keeps its count when a transaction does not."""
    return (
        "CREATE SEQUENCE tries",
        f"""CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
        $$DECLARE try bigint = nextval('tries'); BEGIN IF {condition} THEN
        RAISE EXCEPTION 'out of order' USING ERRCODE = '{code}'; END IF; RETURN NEW; END$$""",
        "CREATE TRIGGER fail BEFORE INSERT ON numbered FOR EACH ROW EXECUTE FUNCTION fail()",
    )


# What is done and undone, the SQLSTATE, the server's message, and what the entry advises.
HELD = {
    "a trigger that raises": (
        raising("P0001"), ["DROP FUNCTION fail CASCADE"], "P0001", "out of order", "out of order",
    ),
    "a configured limit": (
        raising("53400"), ["DROP FUNCTION fail CASCADE"], "53400", "out of order",
        "raise the limit",
    ),
    "an error that nobody knows": (
        raising("XX000"), ["DROP FUNCTION fail CASCADE"], "XX000", "out of order", "out of order",
    ),
    "a server that takes no writes": (
        ["ALTER ROLE sluice SET default_transaction_read_only = on",
         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sluice'"],
        ["ALTER ROLE sluice RESET default_transaction_read_only",
         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sluice'"],
        "25006", "cannot execute .* in a read-only transaction", "name the primary",
    ),
    "no right to the ring's row": (
        ["REVOKE UPDATE ON sluice_progress FROM sluice"],
        ["GRANT UPDATE ON sluice_progress TO sluice"],
        "42501", "permission denied", "GRANT",
    ),
    "the ring's table is gone": (
        ["ALTER TABLE sluice_progress RENAME TO elsewhere"],
        ["ALTER TABLE elsewhere RENAME TO sluice_progress"],
        "42P01", "relation .* does not exist", "schema/",
    ),
    "no right to connect": (
        ["ALTER ROLE sluice NOLOGIN",
         "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sluice'"],
        ["ALTER ROLE sluice LOGIN"],
        "28000", "role .* is not permitted to log in", "pg_hba.conf",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HELD)
def test_what_a_person_must_put_right_is_told_once_with_advice_and_waited_for(
    daemon, numbered, trouble, kind
):
    done, undone, code, message, advice = HELD[kind]
    numbered.execute(*done)
    try:
        told = trouble.last(f"sqlstate={code}")
        assert len(told) == 1 and advice in told[0], told
        tries_are_bounded(numbered, message)
        daemon.wait_for_status()
        assert "held" in daemon.status() or "unavailable" in daemon.status()
    finally:
        numbered.execute(*undone)
    trouble.write()
    daemon.wait_for_log("takes readings again")
    assert daemon.stop() == 0
    assert daemon.totals()["rejected"] == 0


def test_a_table_that_is_renamed_is_told_of_and_waited_for(daemon, numbered, trouble):
    numbered.execute("ALTER TABLE numbered RENAME TO renamed")
    told = trouble.last("numbered.* is gone")
    assert len(told) == 1, told
    numbered.execute("ALTER TABLE renamed RENAME TO numbered")
    trouble.write()
    assert daemon.stop() == 0
    assert daemon.totals()["rejected"] == 0


def test_a_table_that_is_dropped_and_a_right_that_is_taken_away_are_told_of_and_waited_for(
    daemon, numbered, trouble
):
    numbered.execute("REVOKE INSERT ON numbered FROM sluice")
    told = trouble.last("grant insert")
    assert len(told) == 1, told
    numbered.execute("GRANT INSERT ON numbered TO sluice")
    trouble.write()
    numbered.execute("DROP TABLE numbered")
    before = trouble.sent
    told = trouble.last("numbered.* is gone")
    assert len(told) == 1, told
    numbered.create_table("numbered", NUMBERED_COLUMNS)
    trouble.send()
    wanted = list(range(before, trouble.sent))
    wait_until_equal("the rows since", lambda: numbers(numbered), wanted)
    assert daemon.stop() == 0
    assert daemon.totals()["rejected"] == 0


# Some of these happen for real below; here it is the way back that counts.
@pytest.mark.parametrize("code", ["53100", "53200", "40001", "40P01", "55P03", "08000"])
def test_what_passes_is_told_once_and_tried_again_until_it_has_passed(
    daemon, numbered, trouble, code
):
    numbered.execute(*raising(code, "try <= 6"))
    trouble.write()
    assert len(daemon.lines_of_log(f"sqlstate={code}")) == 1
    assert numbered.errors("out of order") == 6
    assert "attempts=6" in daemon.wait_for_log("takes readings again")
    assert daemon.stop() == 0
    assert daemon.totals()["rejected"] == 0


def test_a_full_disk_is_told_once_with_advice_and_waited_for(daemon, numbered, trouble):
    numbered.execute(*raising("53100"))
    told = trouble.last("sqlstate=53100")
    assert len(told) == 1 and "make room" in told[0], told
    tries_are_bounded(numbered, "out of order")
    numbered.execute("DROP FUNCTION fail CASCADE")
    trouble.write()


def test_too_many_connections_are_told_once_with_advice_and_waited_for(daemon, numbered, trouble):
    told = "sqlstate=53300"
    numbered.execute("CREATE ROLE crowd LOGIN")
    with contextlib.ExitStack() as others:

        def has_no_place() -> bool:
            with contextlib.suppress(psycopg.OperationalError):
                while True:
                    others.enter_context(numbered.server.connect(numbered.name, "crowd"))
            numbered.end_connections()
            return daemon.find_in_log(told) is not None

        wait_for("the daemon to find no place", has_no_place)
        entries = trouble.last(told)
        assert len(entries) == 1 and "max_connections" in entries[0], entries
    trouble.write()
    numbered.execute("DROP ROLE crowd")


def waits_for_lock(database) -> bool:
    return database.value(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE usename = 'sluice' AND wait_event_type = 'Lock'"
    )


def test_a_deadlock_costs_nothing(daemon, numbered, trouble):
    before = trouble.sent
    with numbered.server.connect(numbered.name) as rival:
        # The daemon is to be the one that gives way.
        rival.execute("SET deadlock_timeout = '1min'")
        rival.execute("BEGIN; LOCK TABLE other IN EXCLUSIVE MODE")
        # Both in one batch, first the one and then the other.
        daemon.sender().send(numbered_line("numbered", before), numbered_line("other", before))
        trouble.sent += 1
        wait_for("the daemon to wait", lambda: waits_for_lock(numbered))
        rival.execute("LOCK TABLE numbered IN EXCLUSIVE MODE")
        rival.execute("COMMIT")
    trouble.write()
    assert numbers(numbered, "other") == [before]
    assert numbered.errors("deadlock detected") == 1
    assert len(daemon.lines_of_log("sqlstate=40P01")) == 1


def test_a_statement_that_is_cancelled_costs_nothing(daemon, numbered, trouble):
    with numbered.server.connect(numbered.name) as rival:
        rival.execute("BEGIN; LOCK TABLE numbered IN EXCLUSIVE MODE")
        trouble.send()
        wait_for("the daemon to wait", lambda: waits_for_lock(numbered))
        cancelled = numbered.value(
            "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE usename = 'sluice'"
        )
        assert cancelled == 1
        daemon.wait_for_log("57014")
    trouble.write()
    assert numbered.errors("canceling statement due to user request") == 1
    assert len(daemon.lines_of_log("sqlstate=57014")) == 1


def test_a_session_that_is_ended_again_and_again_costs_nothing(daemon, numbered, trouble):
    for _ in range(5):
        trouble.send()
        wait_for("a session to end", numbered.end_connections)
    trouble.write()
    assert daemon.stop() == 0
    assert daemon.totals()["rejected"] == 0


def test_a_lock_that_maintenance_holds_for_long_is_told_of_with_advice_and_waited_for(
    daemon, numbered, trouble
):
    with numbered.server.connect(numbered.name) as rival:
        rival.execute("BEGIN; LOCK TABLE numbered IN ACCESS EXCLUSIVE MODE")
        load = Load(daemon.port, first=trouble.sent, rate=50).start()
        assert "the database does not answer" in daemon.wait_for_log("database_slow")
        daemon.wait_for_status()
        assert "waiting for the database's answer" in daemon.status()
        # After the 30 s of lock_timeout.
        told = daemon.wait_for_log("sqlstate=55P03")
        assert "pg_locks" in told
        wait_for("the daemon to wait again", lambda: waits_for_lock(numbered))
    trouble.sent = load.stop()
    trouble.write()
    assert len(daemon.lines_of_log("sqlstate=55P03")) == 1
    assert numbered.errors("canceling statement due to lock timeout") == 1
