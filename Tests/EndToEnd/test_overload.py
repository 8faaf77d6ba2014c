"""Ten times more than the database takes, for a while: memory stays where it was announced, the
ring fills, the policy acts, and every row is in the table or counted."""

import os

import pytest

from support.memory import announced_memory
from support.send import Load, numbers
from support.wait import wait_for

# A sanitizer takes a multiple of the memory.
SANITIZER = os.environ.get("SLUICE_SANITIZER")
# The server sleeps a millisecond for one row of so many, and takes some 3,500 rows a second. The
# flood has ten times that.
ROWS_PER_REST = 4
LINES = 14
DATAGRAMS_PER_SECOND = 2_600
# Rows of a flood, after the ring is full: many times what fits into it.
FLOOD_ROWS = 300_000
# Datagrams that fit into the ring at least.
KEPT = 1_000


@pytest.fixture
def slow(numbered):
    """A database that takes its time."""
    numbered.execute(
        """CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END$$""",
        f"""CREATE TRIGGER rest BEFORE INSERT ON numbered FOR EACH ROW
        WHEN (NEW.number % {ROWS_PER_REST} = 0) EXECUTE FUNCTION rest()""",
    )
    return numbered


def whole_datagrams(written: list[int]) -> list[int]:
    """The numbers of the datagrams that are written; none of them in part, and none twice."""
    datagrams = [number // LINES for number in written[::LINES]]
    lines = [datagram * LINES + place for datagram in datagrams for place in range(LINES)]
    assert written == lines
    return datagrams


def everything_is_there_or_counted(daemon, database, sent: int) -> list[int]:
    """Asks the daemon to write what it has kept, and stop. Gives the datagrams that are written."""
    assert daemon.stop() == 0
    totals = daemon.totals()
    dropped = totals["dropped_newest"] + totals["dropped_oldest"]
    written = numbers(database)
    datagrams = whole_datagrams(written)
    assert totals["in_ring"] == totals["rejected"] == 0
    assert totals["received"] == totals["committed"] + dropped
    assert totals["committed"] == len(datagrams)
    assert totals["rows"] == totals["lines"] == len(written)
    assert sent == LINES * (totals["received"] + totals["dropped_kernel"])
    assert LINES * dropped == totals["dropped_lines"]
    assert daemon.lines_of_log("ledger_imbalance|stage_stalled") == []
    daemon.wait_for_log("event=ring_drained")
    return datagrams


@pytest.mark.parametrize("overflow", ["drop-newest", "drop-oldest"])
def test_what_is_kept_of_a_flood_arrives_and_what_is_dropped_is_counted(daemon, slow, overflow):
    daemon.config["ring"] |= {"size": "1MiB", "overflow": overflow}
    daemon.config["batch"]["drain"] = "5min"
    announced = announced_memory(daemon)
    daemon.start()
    load = Load(daemon.port, lines=LINES, rate=DATAGRAMS_PER_SECOND).start()
    daemon.wait_for_log("event=ring_full")
    wait_for("the status to say it", lambda: "dropping" in daemon.status())
    load.go_on(FLOOD_ROWS)
    sent = load.stop()
    assert sent > 5 * slow.count("numbered"), "this was no flood"
    daemon.wait_until_received()
    if not SANITIZER:
        assert daemon.resident_bytes() <= announced
    datagrams = everything_is_there_or_counted(daemon, slow, sent)
    if overflow == "drop-newest":
        # More than this fit into the ring before it was full.
        assert datagrams[:KEPT] == list(range(KEPT))


@pytest.mark.parametrize("overflow", ["drop-newest", "drop-oldest"])
def test_a_flood_while_the_database_is_away_leaves_what_the_policy_wants(
    daemon, numbered, overflow
):
    daemon.config["ring"] |= {"size": "1MiB", "overflow": overflow}
    daemon.config["batch"]["drain"] = "5min"
    announced = announced_memory(daemon)
    numbered.server.stop()
    daemon.start()
    load = Load(daemon.port, lines=LINES, rate=DATAGRAMS_PER_SECOND).start()
    daemon.wait_for_log(f"event=ring_full policy={overflow}")
    during = load.sent
    wait_for("more than the ring holds", lambda: load.sent > during + 5_000 * LINES)
    sent = load.stop()
    daemon.wait_until_received()
    if not SANITIZER:
        assert daemon.resident_bytes() <= announced
    numbered.server.start()
    datagrams = everything_is_there_or_counted(daemon, numbered, sent)
    # One run, of the first or of the last.
    assert datagrams == list(range(datagrams[0], datagrams[-1] + 1))
    assert len(datagrams) > KEPT
    if overflow == "drop-newest":
        assert datagrams[0] == 0
    else:
        assert datagrams[-1] == sent // LINES - 1
