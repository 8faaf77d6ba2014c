"""A flood from `sluice simulate`: everything is in the table or counted, in bounded memory."""

import json
import os
import random
import time

import pytest

from support.daemon import run_sluice
from support.memory import announced_memory
from support.wait import wait_for

READINGS = "environmental_environmentalreading"
WEATHER = "environmental_weatherdata"
# A sanitizer takes a multiple of the memory.
SANITIZER = os.environ.get("SLUICE_SANITIZER")


def simulate(daemon, options: str) -> dict:
    target = f"127.0.0.1:{daemon.port}"
    result = run_sluice("simulate", "--target", target, "--json", *options.split())
    assert result.returncode == 0, result.stderr.decode()
    return json.loads(result.stdout.decode().strip().splitlines()[-1])


def markers(database) -> int:
    return database.value(f"SELECT count(*) FROM {WEATHER} WHERE area_id < 0")


def written(database) -> int:
    weather = f"SELECT count(*) FROM {WEATHER} WHERE area_id >= 0"
    return database.count(READINGS) + database.value(weather)


def test_simulated_readings_at_a_gentle_rate_all_arrive(daemon, database):
    daemon.start()
    options = "--sensors 50 --areas 5 --interval 50ms --lines-per-datagram 10 --duration 3s"
    sent = simulate(daemon, options)
    wait_for(f"{sent} in the tables", lambda: written(database) >= sent["lines"])
    assert written(database) == sent["lines"] > 0
    assert database.count(READINGS) == sent["readings"]


def test_malformed_lines_of_the_simulator_are_rejected_and_the_rest_arrives(daemon, database):
    daemon.start()
    sent = simulate(daemon, "--sensors 50 --rate 5000 --count 10000 --bad-every 7")
    good = sent["lines"] - sent["bad_lines"]
    wait_for(f"{sent} in the tables", lambda: written(database) >= good)
    assert written(database) == good
    assert sent["bad_lines"] > 1000


@pytest.mark.parametrize("overflow", ["drop-newest", "drop-oldest"])
def test_a_flood_into_a_small_ring_is_written_or_counted_in_the_announced_memory(
    daemon, database, overflow
):
    daemon.config["ring"] |= {"size": "1MiB", "overflow": overflow}
    announced = announced_memory(daemon)
    daemon.start()
    sent = simulate(daemon, "--sensors 1000 --rate 0 --lines-per-datagram 14 --duration 5s")
    daemon.wait_until_written(database)
    if not SANITIZER:
        assert daemon.resident_bytes() <= announced
    assert daemon.stop() == 0
    totals = daemon.totals()
    datagrams = sent["datagrams"] + daemon.markers_sent
    dropped = totals["dropped_newest"] + totals["dropped_oldest"]
    assert totals["in_ring"] == 0
    assert datagrams == totals["received"] + totals["dropped_kernel"]
    assert totals["received"] == totals["committed"] + dropped
    assert totals["lines"] == totals["rows"] == written(database) + markers(database)
    if totals["dropped_kernel"] == 0:
        lines = sent["lines"] + daemon.markers_sent
        assert lines == totals["rows"] + totals["dropped_lines"]


def test_lines_of_ever_new_columns_and_names_are_written_in_the_announced_memory(daemon, database):
    names = [f"c{number}" for number in range(200)]
    columns = ", ".join(f"{name} real DEFAULT 0" for name in names)
    database.create_table("wide", f'"timestamp" timestamptz NOT NULL, value integer, {columns}')
    announced = announced_memory(daemon)
    daemon.start()
    sender = daemon.sender()
    chance = random.Random(1)

    def line(number: int) -> str:
        known = [f"{name}=1" for name in names if chance.random() < 0.5]
        unknown = [f"{number * 20 + turn:0>100}=1" for turn in range(2)]
        return f"wide {','.join([f'value={number}i'] + known + unknown)}"

    for first in range(0, 10_000, 50):
        sender.send(*map(line, range(first, first + 50)))
        time.sleep(0.002)
    wait_for("all rows", lambda: database.count("wide") == 10_000)
    if not SANITIZER:
        assert daemon.resident_bytes() <= announced
    assert daemon.stop() == 0
    assert daemon.totals()["unmatched_values"] == 20_000
