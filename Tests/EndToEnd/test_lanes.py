"""Several lanes: rings, writers and connections side by side."""

import pytest

from support.send import Load, numbered_line, numbers
from support.wait import wait_for, wait_until_equal

BASE = 1_790_000_000_000_000_000
READINGS = "environmental_environmentalreading"


@pytest.fixture
def lanes(daemon):
    daemon.config["ring"]["lanes"] = 2
    return daemon


def test_two_lanes_write_every_row_once_through_an_outage_and_a_restart(lanes, numbered):
    lanes.start()
    load = Load(lanes.port).start()
    wait_for("rows under load", lambda: numbered.count("numbered") >= 500)
    numbered.server.stop("immediate")
    during = load.sent
    wait_for("more load while it is away", lambda: load.sent > during + 500)
    before = load.sent
    numbered.server.start()
    wait_for("rows again", lambda: numbered.count("numbered") > before)
    sent = load.stop()
    wait_for(f"{sent} rows", lambda: numbered.count("numbered") >= sent)
    assert lanes.stop() == 0
    assert numbers(numbered) == list(range(sent))
    # Both rings had their part.
    positions = "SELECT count(*) FROM sluice_progress WHERE position > 0"
    assert numbered.value(positions) == 2
    lanes.start()
    lanes.wait_until_written(numbered)
    assert lanes.stop() == 0
    assert numbers(numbered) == list(range(sent))


def test_what_is_left_in_two_rings_is_written_by_the_next_start(lanes, numbered):
    lanes.config["batch"]["drain"] = "0s"
    numbered.server.stop()
    lanes.start()
    load = Load(lanes.port).start()
    wait_for("load", lambda: load.sent >= 2_000)
    sent = load.stop()
    lanes.wait_until_received()
    lanes.kill()
    numbered.server.start()
    lanes.start()
    wait_for(f"{sent} rows", lambda: numbered.count("numbered") >= sent)
    assert numbers(numbered) == list(range(sent))


def test_a_name_that_nothing_takes_is_told_once_by_all_lanes(lanes, database):
    lanes.start()
    sender = lanes.sender()
    for number in range(50):
        sender.send(f"nowhere v=1 {BASE}", f"{READINGS},sensor_id={number} temperature=1 {BASE}")
    count = f"SELECT count(*) FROM {READINGS}"
    wait_until_equal("all rows", lambda: database.value(count), 50)
    assert lanes.stop() == 0
    assert len(lanes.lines_of_log("unmatched_name.*nowhere")) == 1
    assert lanes.totals()["rejected_no_table"] == 50
    assert lanes.find_in_log("lane=1")


def test_readings_in_the_ring_of_a_lane_of_before_are_written(daemon, numbered):
    daemon.config["ring"]["lanes"] = 2
    daemon.config["batch"]["drain"] = "0s"
    numbered.server.stop()
    daemon.start()
    sender = daemon.sender()
    for number in range(20):
        sender.send(numbered_line("numbered", number))
        if number % 7 == 0:
            daemon.wait_for_status()
    daemon.wait_until_received()
    daemon.kill()
    numbered.server.start()
    daemon.config["ring"]["lanes"] = 1
    daemon.start()
    wait_for("all rows", lambda: numbers(numbered) == list(range(20)))
    assert daemon.stop() == 0
