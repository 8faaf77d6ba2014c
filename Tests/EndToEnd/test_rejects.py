"""Refused lines are kept as they came, can be looked at, and can go the whole way again."""

import json
import signal
import subprocess
import time

import pytest

from support.daemon import BINARY, environment, run_sluice
from support.send import numbered_line, numbers
from support.wait import wait_for

WIDE = "environmental_environmentalreading"


def command(daemon, *arguments: str) -> subprocess.CompletedProcess:
    return run_sluice("rejects", *arguments, "--config", str(daemon.config_file))


def listed(daemon, *arguments: str) -> dict:
    done = command(daemon, "list", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def reasons(daemon) -> dict[str, int]:
    counts: dict[str, int] = {}
    for group in listed(daemon)["groups"]:
        counts[group["reason"]] = counts.get(group["reason"], 0) + group["lines"]
    return counts


def wait_until_listed(daemon, count: int) -> None:
    wait_for(f"{count} refused lines", lambda: listed(daemon)["lines"] == count)


def test_every_refused_line_is_kept_as_it_came(daemon, database):
    daemon.start()
    lines = [
        b"no line protocol",
        b"nowhere,a=b v=1 1780000000000000000",
        f'{WIDE},sensor_id=1 temperature="warm" 1780000000000000000'.encode(),
        f'{WIDE},sensor_id=1 temperature="a\nb" 1780000000000000001'.encode(),
        b"bytes \xff\xfe=1",
        f'{WIDE},sensor_id=1 temperature="never closed'.encode(),
    ]
    sender = daemon.sender()
    for line in lines:
        sender.send_bytes(line)
    wait_until_listed(daemon, len(lines))
    shown = command(daemon, "show", "--raw").stdout
    assert shown == b"".join(line + b"\n" for line in lines)
    assert reasons(daemon)["no_table"] == 1
    only = command(daemon, "show", "--raw", "--reason", "no_table").stdout
    assert only == lines[1] + b"\n"
    text = command(daemon, "list").stdout.decode()
    assert "1 no_table, listener main, measurement nowhere" in text


def test_what_the_database_refused_is_kept_with_its_sqlstate(daemon, database):
    database.execute(f"ALTER TABLE {WIDE} ADD CHECK (temperature < 50)")
    daemon.start()
    daemon.sender().send(
        f"{WIDE},sensor_id=1 temperature=99 1780000000000000000",
        f"{WIDE},sensor_id=1 temperature=9 1780000000000000001",
    )
    wait_until_listed(daemon, 1)
    shown = command(daemon, "show").stdout.decode()
    assert "reason=check_violation sqlstate=23514" in shown and 'source="main"' in shown
    assert database.count(WIDE) == 1


def test_what_was_refused_goes_in_once_its_reason_is_gone(daemon, numbered):
    numbered.execute("ALTER TABLE numbered ADD CONSTRAINT small CHECK (number < 1000000010)")
    daemon.start()
    sender = daemon.sender()
    sender.send(*(numbered_line("numbered", n) for n in range(30)), "still no line protocol")
    wait_until_listed(daemon, 21)
    numbered.execute("ALTER TABLE numbered DROP CONSTRAINT small")
    done = command(daemon, "replay")
    assert done.returncode == 65, done.stderr
    assert done.stdout.decode().splitlines()[:2] == ["21 lines replayed", "  20 rows"]
    assert numbers(numbered) == list(range(30))
    assert reasons(daemon) == {"field": 1} or listed(daemon)["lines"] == 1
    # The daemon goes on in a file of its own.
    sender.send("again no line protocol")
    wait_until_listed(daemon, 2)
    assert command(daemon, "replay", "--reason", "no_such_reason").returncode == 0
    assert listed(daemon)["lines"] == 2


def test_a_replay_takes_what_it_is_told_and_leaves_the_rest(daemon, database):
    daemon.start()
    daemon.sender().send("first v=1", "second v=1", "second v=2", "first v=2")
    wait_until_listed(daemon, 4)
    database.create_table("second", '"timestamp" timestamptz, v float8')
    daemon.reload()
    assert command(daemon, "replay", "--measurement", "second").returncode == 0
    assert database.count("second") == 2
    groups = listed(daemon)["groups"]
    assert [(group["measurement"], group["lines"]) for group in groups] == [("first", 2)]


def test_a_wrong_unit_is_put_right_by_setting_it(daemon, database):
    daemon.start()
    daemon.sender().send(f"{WIDE},sensor_id=1 temperature=1 {int(time.time())}")
    wait_until_listed(daemon, 1)
    assert daemon.stop() == 0
    daemon.config["udp"][0]["precision"] = "s"
    daemon.start()
    assert command(daemon, "replay").returncode == 0
    age = database.value(f'SELECT extract(epoch FROM now() - "timestamp") FROM {WIDE}')
    assert 0 <= age < 600
    assert listed(daemon)["lines"] == 0


def test_a_replay_without_the_database_keeps_everything_and_goes_on_later(daemon, numbered):
    numbered.execute("ALTER TABLE numbered ADD CONSTRAINT none CHECK (number < 0)")
    daemon.start()
    daemon.sender().send(*(numbered_line("numbered", n) for n in range(20)))
    wait_until_listed(daemon, 20)
    assert daemon.stop() == 0
    numbered.server.stop()
    assert command(daemon, "replay").returncode == 69
    numbered.server.start()
    numbered.execute("ALTER TABLE numbered DROP CONSTRAINT none")
    assert command(daemon, "replay").returncode == 0
    assert numbers(numbered) == list(range(20))
    assert listed(daemon)["lines"] == 0


def test_a_replay_that_is_killed_at_any_moment_writes_each_line_once(daemon, numbered):
    numbered.execute("ALTER TABLE numbered ADD CONSTRAINT none CHECK (number < 0)")
    daemon.start()
    sender = daemon.sender()
    count = 400
    for first in range(0, count, 20):
        sender.send(*(numbered_line("numbered", n) for n in range(first, first + 20)), "bad")
    wait_until_listed(daemon, count + count // 20)
    assert daemon.stop() == 0
    numbered.execute("ALTER TABLE numbered DROP CONSTRAINT none")
    for attempt in range(40):
        process = subprocess.Popen(
            [BINARY, "rejects", "replay", "--config", daemon.config_file],
            env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        time.sleep(0.002 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert command(daemon, "replay").returncode in (0, 65)
    assert numbers(numbered) == list(range(count))
    assert listed(daemon)["lines"] == count // 20


def test_a_flood_of_bad_lines_stays_within_its_bound_and_good_ones_arrive(daemon, numbered):
    daemon.config["rejects"] = {"size": "16MiB", "file_size": "1MiB"}
    daemon.start()
    sender = daemon.sender()
    bad = "\n".join(f"this is no line protocol at all, number {n}" for n in range(400))
    rounds, at_once = 40, 15
    for number in range(rounds):
        for _ in range(at_once):
            sender.send_bytes(bad.encode())
        sender.send(numbered_line("numbered", number))
        # So the ring never fills, and every good line must come through.
        wait_for("the good line", lambda: numbered.count("numbered") == number + 1)
    daemon.wait_for_log("event=rejects_removed")
    folder = daemon.folder / "ring" / "rejects"
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 16 << 20
    assert daemon.stop() == 0
    totals = daemon.totals()
    assert totals["rejected"] == rounds * at_once * 400
    assert totals["rejects_removed"] > 0


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_kills_neither_lose_nor_double_a_refused_line(daemon, database, signal_number):
    daemon.start()
    for round in range(6):
        sender = daemon.sender()
        for number in range(50):
            sender.send(f"nowhere v={round * 50 + number}")
        daemon.wait_until_received()
        daemon.signal(signal_number)
        daemon.wait()
        daemon.start()
    wait_until_listed(daemon, 300)
    lines = command(daemon, "show", "--raw").stdout.decode().splitlines()
    assert sorted(int(line.split("=")[1]) for line in lines) == list(range(300))


def test_two_replays_at_a_time_are_an_error_and_double_nothing(daemon, numbered):
    daemon.start()
    sender = daemon.sender()
    for _ in range(60):
        sender.send("\n".join("nowhere v=1" for _ in range(400)))
        time.sleep(0.002)
    wait_until_listed(daemon, 24_000)
    arguments = [BINARY, "rejects", "replay", "--measurement", "other", "--config", daemon.config_file]
    replays = [
        subprocess.Popen(arguments, env=environment(), stderr=subprocess.DEVNULL) for _ in range(4)
    ]
    for replay in replays:
        replay.wait()
    assert listed(daemon)["lines"] == 24_000
