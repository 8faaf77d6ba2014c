"""Which instant a row gets."""

import time

import pytest

from support.send import free_port
from support.wait import wait_for, wait_until_equal

READINGS = "environmental_environmentalreading"
MICROSECONDS = 1_000_000


def microseconds(database):
    return lambda: [
        row[0]
        for row in database.rows(
            f"""SELECT (extract(epoch FROM "timestamp") * 1000000)::bigint
                FROM {READINGS} ORDER BY sensor_id"""
        )
    ]


def test_a_line_without_a_timestamp_gets_the_time_at_which_the_kernel_received_it(
    daemon, database
):
    daemon.start()
    before = time.time_ns() // 1000
    daemon.sender().send(f"{READINGS},sensor_id=1 temperature=1")
    after = time.time_ns() // 1000
    (moment,) = wait_for("the row", microseconds(database))
    # The loopback delivers within the call: the time is the kernel's, not that of the writing.
    assert before - 1000 <= moment <= after + 1000


def test_the_receive_time_survives_a_database_outage(daemon, database):
    database.server.stop()
    daemon.start()
    before = time.time_ns() // 1000
    daemon.sender().send(f"{READINGS},sensor_id=1 temperature=1")
    after = time.time_ns() // 1000
    database.server.start()
    (moment,) = wait_for("the row", microseconds(database))
    assert before - 1000 <= moment <= after + 1000


def test_each_precision_scales_the_timestamp(daemon, database):
    stamps = {
        "ns": (1_790_000_000_123_456_789, 1_790_000_000_123_456),
        "us": (1_790_000_000_123_456, 1_790_000_000_123_456),
        "ms": (1_790_000_000_123, 1_790_000_000_123_000),
        "s": (1_790_000_000, 1_790_000_000 * MICROSECONDS),
        "m": (29_833_333, 29_833_333 * 60 * MICROSECONDS),
        "h": (497_222, 497_222 * 3600 * MICROSECONDS),
    }
    ports = [free_port() for _ in stamps]
    daemon.config["udp"] = [
        {"listen": f"127.0.0.1:{port}", "precision": precision, "name": f"in-{precision}"}
        for port, precision in zip(ports, stamps)
    ]
    daemon.start()
    for sensor, (port, (stamp, _)) in enumerate(zip(ports, stamps.values())):
        daemon.sender(port=port).send(f"{READINGS},sensor_id={sensor} temperature=1 {stamp}")
    expected = [wanted for _, wanted in stamps.values()]
    wait_until_equal("a row per precision", microseconds(database), expected)


DAY = 86_400_000_000_000


def test_times_of_any_age_are_kept_from_the_second_day_of_1970_on(daemon, database):
    daemon.start()
    for time in (DAY, 500_000_000 * 1_000_000_000):
        daemon.sender().send(f"{READINGS},sensor_id=1 temperature=1 {time}")
    wait_until_equal("the rows", microseconds(database), [DAY // 1000, 500_000_000_000_000])


@pytest.mark.parametrize(
    "offset, reason",
    [
        (lambda now: -DAY, "time_too_old"),
        (lambda now: DAY - 1, "time_too_old"),
        (lambda now: now // 1_000_000_000, "time_wrong_unit"),
        (lambda now: now // 1_000_000, "time_wrong_unit"),
        (lambda now: now // 1000, "time_wrong_unit"),
        (lambda now: now + 3_600_000_000_000, "time_too_far_ahead"),
    ],
)
def test_a_time_that_cannot_be_is_rejected_with_its_reason(daemon, database, offset, reason):
    daemon.start()
    now = time.time_ns()
    sender = daemon.sender()
    sender.send(f"{READINGS},sensor_id=1 temperature=1 {offset(now)}")
    sender.send(f"{READINGS},sensor_id=2 temperature=1 {now + 300_000_000_000}")
    daemon.wait_for_log(f"event=line_rejected.*reason={reason}")
    wait_until_equal("the good row", lambda: database.count(READINGS), 1)


def test_a_wrong_unit_is_told_by_name(daemon, database):
    daemon.start()
    daemon.sender().send(f"{READINGS},sensor_id=1 temperature=1 {int(time.time())}")
    daemon.wait_for_log('the timestamp is in s and taken for ns: set precision = .*"s.*main')


def test_the_limits_can_be_set_for_each_listener(daemon, database):
    daemon.config["udp"][0] |= {"ahead_max": "0s", "age_max": "1h"}
    daemon.start()
    now = time.time_ns()
    sender = daemon.sender()
    sender.send(f"{READINGS},sensor_id=1 temperature=1 {now + 30 * DAY}")
    sender.send(f"{READINGS},sensor_id=2 temperature=1 {now - 2 * 3_600_000_000_000}")
    daemon.wait_for_log("reason=time_too_old")
    wait_until_equal("the row ahead", lambda: database.count(READINGS), 1)


@pytest.mark.parametrize("time", [-(2**63), -(2**63) + 2, -9223372036000000001, 2**63 - 1, 0])
def test_no_timestamp_is_too_strange_to_be_told_of(daemon, database, time):
    daemon.start()
    sender = daemon.sender()
    sender.send(f"{READINGS},sensor_id=1 temperature=1 {time}")
    sender.send(f"{READINGS},sensor_id=2 temperature=1")
    wait_until_equal("the good row", lambda: database.count(READINGS), 1)
    daemon.wait_for_log("event=line_rejected")
    assert daemon.stop() == 0
