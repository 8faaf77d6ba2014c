"""A flood where the ring is to keep what came last."""

from support.send import Load
from test_overload import (  # noqa: F401
    DATAGRAMS_PER_SECOND, FLOOD_ROWS, KEPT, LINES, everything_is_there_or_counted, slow,
)


def test_a_flood_leaves_what_came_last_where_the_policy_is_drop_oldest(daemon, slow):
    daemon.config["ring"] |= {"size": "1MiB", "overflow": "drop-oldest"}
    daemon.config["batch"]["drain"] = "5min"
    daemon.start()
    load = Load(daemon.port, lines=LINES, rate=DATAGRAMS_PER_SECOND).start()
    daemon.wait_for_log("event=ring_full")
    load.go_on(FLOOD_ROWS)
    sent = load.stop()
    daemon.wait_until_received()
    datagrams = everything_is_there_or_counted(daemon, slow, sent)
    last = sent // LINES
    # All of the last ones but those that had no place beside the batch under way.
    assert len(set(range(last - KEPT, last)) & set(datagrams)) >= KEPT // 2
    assert datagrams[-1] >= last - KEPT // 2
