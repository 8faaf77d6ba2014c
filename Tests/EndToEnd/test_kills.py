"""kill -9 at random moments, hundreds of times, under load; and a server that crashes as often.

The socket is handed over, so nothing is lost while no daemon runs. What a ring had accepted before
the kill must be in the table once; only what was between socket and ring at that instant may be
missing. SLUICE_SEED=… repeats the moments, SLUICE_KILLS=… says how many."""

import os
import random
import socket
import time

import pytest

from support.daemon import dropped_datagrams
from support.ring import newest_number
from support.send import Load, numbered_line, numbers
from support.wait import wait_for

KILLS = int(os.environ.get("SLUICE_KILLS") or 200)
# Datagrams that are taken from the socket with one call, see docs/operations.md.
RECEIVED_AT_ONCE = 64
# Enough for what arrives while no daemon runs.
RECEIVE_BUFFER_BYTES = 8 << 20
SO_RCVBUFFORCE = 33


@pytest.fixture
def chance():
    seed = int(os.environ.get("SLUICE_SEED") or random.randrange(1 << 32))
    print(f"SLUICE_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def activated(daemon):
    daemon.handed_over = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.handed_over.bind(("127.0.0.1", daemon.port))
    try:
        daemon.handed_over.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    except PermissionError:
        daemon.handed_over.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    # It never comes to its end in these tests.
    daemon.config["ring"]["size"] = "64MiB"
    return daemon


def newest_accepted(daemon) -> int:
    files = (daemon.folder / "ring").glob("ring-?")
    return max((newest_number(file) for file in files), default=-1)


def gaps(written: list[int], sent: int) -> list[range]:
    """The numbers below `sent` that are missing."""
    places = [-1, *written, sent]
    return [range(a + 1, b) for a, b in zip(places, places[1:]) if b > a + 1]


@pytest.mark.parametrize("lanes", [1, 2])
def test_kills_at_random_moments_lose_nothing_that_was_accepted_and_write_nothing_twice(
    activated, numbered, chance, lanes
):
    activated.config["ring"]["lanes"] = lanes
    activated.config["batch"]["interval"] = "1ms"
    # The rings are there when the kills begin.
    activated.start()
    activated.kill()
    load = Load(activated.port).start()
    accepted = []
    # By a kill that meets the kernel while it copies a datagram to memory that was not touched yet:
    # it throws that one away, and counts it. Full buffers would drop many.
    interrupted = 0
    for _ in range(KILLS):
        activated.launch()
        # Also while it starts; later ones are more likely to meet a batch under way.
        time.sleep(chance.choice([0.02, 0.05, 0.1, 0.2]) * chance.random())
        activated.kill()
        accepted.append(newest_accepted(activated))
        dropped = dropped_datagrams(activated.port)
        assert dropped <= interrupted + 1, "the load was too much"
        interrupted = dropped
    activated.start()
    sent = load.stop()
    wait_for("the last row", lambda: sent - 1 in numbers(numbered))
    assert activated.stop() == 0
    assert dropped_datagrams(activated.port) == interrupted, "the load was too much"
    written = numbers(numbered)
    assert len(written) == len(set(written)), "a row was written twice"
    missing = gaps(written, sent)
    print(f"{sent} rows, missing: {missing}")
    for gap in missing:
        # Nothing else was in hand: what a ring had is there up to the number before.
        kills = accepted.count(gap.start - 1)
        assert kills > 0, f"{gap} is missing, and no kill explains it"
        assert len(gap) <= kills * RECEIVED_AT_ONCE * load.lines_per_datagram


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_server_that_crashes_again_and_again_gets_every_row_once(
    daemon, numbered, chance, lanes
):
    daemon.config["ring"]["lanes"] = lanes
    daemon.start()
    load = Load(daemon.port).start()
    for _ in range(15):
        time.sleep(0.3 * chance.random())
        numbered.server.stop("immediate")
        numbered.server.start()
    goal = load.sent
    wait_for("rows after the last crash", lambda: numbered.count("numbered") >= goal)
    sent = load.stop()
    wait_for(f"{sent} rows", lambda: numbered.count("numbered") >= sent)
    assert numbers(numbered) == list(range(sent))
    assert daemon.stop() == 0
    assert daemon.totals()["dropped_kernel"] == 0


@pytest.mark.parametrize("key", [None, "number"])
def test_a_commit_that_ends_after_the_daemon_was_killed_is_not_written_again(
    daemon, numbered, key
):
    if key:
        numbered.execute(f"ALTER TABLE numbered ADD UNIQUE ({key})")
    numbered.execute(
        """CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END$$""",
        """CREATE CONSTRAINT TRIGGER rest AFTER INSERT ON numbered DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.number % 2 = 0) EXECUTE FUNCTION rest()""",
    )
    daemon.start()
    sender = daemon.sender()
    commits = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'"
    for number in range(0, 6, 2):
        sender.send(numbered_line("numbered", number))
        wait_for("a COMMIT under way", lambda: numbered.value(commits))
        daemon.kill()
        daemon.start()
        sender.send(numbered_line("numbered", number + 1))
        wait_for("the next row", lambda: number + 1 in numbers(numbered))
        # Nothing is held against the row for being there already.
        assert daemon.lines_of_log("row_rejected") == []
    assert numbers(numbered) == list(range(6))
    assert daemon.stop() == 0
    assert daemon.totals()["rejected"] == 0
