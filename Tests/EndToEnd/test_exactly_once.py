"""A connection that breaks at the worst moment: every row that was sent is in the table once.

A proxy between daemon and server sees each message and goes wrong at a chosen one. The table has no
key, so a row that was written twice would be seen twice."""

import os
import random
import time

import pytest

from support.proxy import Fault, Message, Proxy
from support.send import Load, numbered_line, numbers
from support.wait import wait_for, wait_until_equal


def asks(*words: str):
    return lambda message: message.statement.startswith(words)


def has_done(word: str):
    return lambda message: message.completed.startswith(word)


def copy(kind: bytes):
    return lambda message: message.is_copy(kind)


# Where it goes wrong, and how much of that message still passes.
POINTS = {
    "before BEGIN": (asks("BEGIN"), 0),
    "within COPY's data": (copy(b"d"), 0.5),
    "before COPY's end": (copy(b"c"), 0),
    "before COPY's confirmation": (has_done("COPY"), 0),
    "after COPY's confirmation": (has_done("COPY"), 1),
    "before the ring's position": (asks("UPDATE", "INSERT"), 0),
    "after the ring's position": (has_done("UPDATE"), 1),
    "before COMMIT": (asks("COMMIT"), 0),
    "within COMMIT": (asks("COMMIT"), 0.5),
    "after COMMIT": (asks("COMMIT"), 1),
    "before COMMIT's answer": (has_done("COMMIT"), 0),
    "within COMMIT's answer": (has_done("COMMIT"), 0.5),
    "after COMMIT's answer": (has_done("COMMIT"), 1),
}
ENDINGS = ("cut", "reset", "silence")


@pytest.fixture
def proxy(daemon, numbered):
    proxy = Proxy(numbered.server.folder)
    daemon.config["database"]["conninfo"] = proxy.conninfo(numbered.name)
    yield proxy
    proxy.close()


def go_on(database, load: Load) -> None:
    """Waits until what was sent before this moment is written."""
    goal = load.sent
    wait_for("rows after the fault", lambda: database.count("numbered") >= goal)


def all_rows_are_there_once(database, sent: int) -> None:
    wait_for(f"{sent} rows", lambda: database.count("numbered") >= sent)
    assert numbers(database) == list(range(sent))


@pytest.mark.parametrize("point", POINTS)
def test_a_connection_that_breaks_at_a_chosen_message_costs_nothing(
    daemon, numbered, proxy, point
):
    at, passes = POINTS[point]
    daemon.start()
    load = Load(daemon.port).start()
    for ending in ENDINGS * 2:
        go_on(numbered, load)
        proxy.inflict(Fault(at, ending, passes))
        if ending == "silence":
            during = load.sent
            wait_for("load meanwhile", lambda: load.sent > during + 100)
            proxy.end_silence()
    go_on(numbered, load)
    all_rows_are_there_once(numbered, load.stop())


def test_two_lanes_behind_a_connection_that_breaks_again_and_again_write_every_row_once(
    daemon, numbered, proxy
):
    seed = int(os.environ.get("SLUICE_SEED") or random.randrange(1 << 32))
    print(f"SLUICE_SEED={seed}")
    chance = random.Random(seed)
    daemon.config["ring"]["lanes"] = 2
    daemon.start()
    load = Load(daemon.port).start()
    for _ in range(30):
        at, passes = POINTS[chance.choice(list(POINTS))]
        proxy.inflict(Fault(at, chance.choice(ENDINGS[:2]), passes, skip=chance.randrange(4)))
    go_on(numbered, load)
    all_rows_are_there_once(numbered, load.stop())


@pytest.mark.parametrize("isolation", ["read committed", "serializable"])
@pytest.mark.parametrize("has_key", [False, True])
@pytest.mark.parametrize("batches_before", [0, 1])
def test_a_commit_that_arrives_after_the_daemon_has_come_back_is_not_written_again(
    daemon, numbered, proxy, batches_before, has_key, isolation
):
    if has_key:
        numbered.execute("ALTER TABLE numbered ADD UNIQUE (number)")
    numbered.execute(
        f"ALTER ROLE sluice IN DATABASE {numbered.name}"
        f" SET default_transaction_isolation = '{isolation}'"
    )
    daemon.start()
    sender = daemon.sender()
    for number in range(batches_before):
        sender.send(numbered_line("numbered", number))
        wait_until_equal("a row", lambda: numbered.count("numbered"), number + 1)
    fault = Fault(asks("COMMIT"), "late", seconds=0.5)
    proxy.arm(fault)
    load = Load(daemon.port, first=batches_before).start()
    wait_for("the fault", fault.happened.is_set)
    go_on(numbered, load)
    all_rows_are_there_once(numbered, load.stop())
    assert daemon.stop() == 0
    assert daemon.totals()["rejected"] == 0


@pytest.mark.parametrize("ending", ENDINGS[:2])
def test_a_large_batch_that_breaks_off_at_any_piece_is_written_once(
    daemon, numbered, proxy, ending
):
    daemon.config["database"]["conninfo"] = numbered.server.conninfo("not_there_yet", "sluice")
    daemon.start()
    sender = daemon.sender()
    for first in range(0, 50_000, 250):
        sender.send(*(numbered_line("numbered", first + number) for number in range(250)))
        time.sleep(0.001)
    daemon.wait_until_received()
    faults = [Fault(copy(b"d"), ending, 0.5, skip=skip) for skip in (0, 1, 5, 9)]
    proxy.arm(*faults, Fault(has_done("COMMIT"), ending))
    daemon.config["database"]["conninfo"] = proxy.conninfo(numbered.name)
    daemon.reload()
    all_rows_are_there_once(numbered, 50_000)
    assert all(fault.happened.is_set() for fault in faults)


def test_an_answer_that_takes_long_is_waited_for(daemon, numbered, proxy):
    daemon.start()
    load = Load(daemon.port).start()
    go_on(numbered, load)
    proxy.inflict(Fault(has_done("COMMIT"), "delay", seconds=1))
    go_on(numbered, load)
    all_rows_are_there_once(numbered, load.stop())
    assert daemon.lines_of_log("database_(lost|unavailable)") == []
