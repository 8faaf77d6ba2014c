"""The ring's file: damage, files that are no rings, full disks, and the commands that look at it."""

import fcntl
import json
import os
import re
import subprocess

import pytest

from support.daemon import run_sluice
from support.ring import AREA, MARK_SLOTS, with_version
from support.send import numbered_line, numbers
from support.wait import wait_for

MEBIBYTE = 1 << 20


@pytest.fixture
def ring(daemon):
    return daemon.folder / "ring" / "ring-0"


def fill(daemon, numbered, count):
    """Leaves so many readings in the ring, and the daemon killed."""
    numbered.server.stop()
    daemon.start()
    sender = daemon.sender()
    for number in range(count):
        sender.send(numbered_line("numbered", number))
    daemon.wait_until_received()
    daemon.kill()


def damage(ring, number):
    """Breaks the payload of one reading and returns its place in the file."""
    content = ring.read_bytes()
    place = content.index(b"number=1%09di" % number)
    with ring.open("r+b") as file:
        file.seek(place)
        file.write(b"NUMBER")
    return place


def both_marks_broken(ring):
    changed = bytearray(ring)
    for place in MARK_SLOTS:
        changed[place + 9] ^= 0xFF
    return bytes(changed)


UNUSABLE = {
    "empty": (lambda ring: b"", "not-a-ring"),
    "text": (lambda ring: b"hello\n" * 100_000, "not-a-ring"),
    "short": (lambda ring: ring[:5_000], "not-a-ring"),
    "long": (lambda ring: ring + b"\0", "size"),
    "version": (lambda ring: with_version(ring, 2), "version-2"),
    "marks": (both_marks_broken, "header"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_file_that_cannot_be_opened_is_moved_aside_and_the_daemon_runs(
    daemon, numbered, ring, kind
):
    daemon.start()
    assert daemon.stop() == 0
    change, reason = UNUSABLE[kind]
    content = change(ring.read_bytes())
    ring.write_bytes(content)
    daemon.start()
    line = daemon.find_in_log("event=ring_unusable")
    assert " error " in line and str(ring) in line
    [aside] = ring.parent.glob("ring-0.unusable-*")
    assert aside.name.startswith(f"ring-0.unusable-{reason}-2") and str(aside) in line
    assert aside.read_bytes() == content
    daemon.sender().send(numbered_line("numbered", 0))
    wait_for("the row", lambda: numbers(numbered) == [0])
    assert daemon.stop() == 0


def test_a_damaged_reading_costs_itself_alone_and_is_told_with_its_place(daemon, numbered, ring):
    fill(daemon, numbered, 30)
    damage(ring, 7)
    damage(ring, 20)
    verified = run_sluice("ring", "verify", str(ring))
    assert verified.returncode == 65
    found = re.findall(r"position (\d+), file offset \d+, (\d+) bytes", verified.stdout.decode())
    assert len(found) == 2
    numbered.server.start()
    daemon.start()
    line = daemon.find_in_log("event=ring_damaged")
    assert " error " in line and "damages=2" in line
    assert " ".join(f"{position}+{size}" for position, size in found) in line
    rest = [number for number in range(30) if number not in (7, 20)]
    wait_for("the other rows", lambda: numbers(numbered) == rest)
    assert daemon.stop() == 0
    kept = sorted(ring.parent.glob("ring-0.damaged-*"))
    assert len(kept) == 2 and all(b"NUMBER" in file.read_bytes() for file in kept)
    assert run_sluice("ring", "verify", str(ring)).returncode == 0


def test_damage_that_finds_the_disk_full_stops_no_start(daemon, numbered, ring):
    fill(daemon, numbered, 10)
    # Where the damaged bytes would go: a directory takes none, as a full disk does.
    place = damage(ring, 3)
    frame = place - len(b"numbered,source=3 ") - 32
    identity = json.loads(run_sluice("ring", "show", "--json", str(ring)).stdout)["identity"]
    blocked = ring.parent / f"ring-0.damaged-{identity}-{frame - AREA}.writing"
    blocked.mkdir()
    numbered.server.start()
    daemon.start()
    assert "could not be put aside" in daemon.find_in_log("event=ring_damaged")
    rest = [number for number in range(10) if number != 3]
    wait_for("the other rows", lambda: numbers(numbered) == rest)
    assert daemon.stop() == 0


def test_a_ring_that_another_process_has_is_an_error_and_is_not_touched(daemon, ring):
    daemon.start()
    assert daemon.stop() == 0
    with ring.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        daemon.launch()
        assert daemon.wait() == 74
    assert "in use by" in daemon.find_in_log("event=start_failed")
    assert [file.name for file in ring.parent.iterdir()] == ["ring-0"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_disk_without_room_is_an_error_that_says_so_and_leaves_nothing(daemon, ring):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", ring.parent], check=True)
    try:
        daemon.launch()
        assert daemon.wait() == 74
        assert "the disk has no room for" in daemon.find_in_log("event=start_failed")
        assert list(ring.parent.iterdir()) == []
        daemon.config["ring"]["size"] = "4MiB"
        daemon.start()
        assert daemon.stop() == 0
        # No room for both files: the old size stays, and so does what is in it.
        daemon.config["ring"]["size"] = "6MiB"
        daemon.start()
        daemon.wait_for_log("the ring keeps its size.*no room")
        assert daemon.stop() == 0
        assert ring.stat().st_size == AREA + 4 * MEBIBYTE
    finally:
        if daemon.is_running():
            daemon.kill()
        subprocess.run(["umount", ring.parent], check=True)


def test_show_says_what_waits_beside_a_daemon_and_changes_nothing(daemon, numbered, ring):
    numbered.server.stop()
    daemon.start()
    for number in range(20):
        daemon.sender().send(numbered_line("numbered", number))
    daemon.wait_until_received()
    size = len(numbered_line("numbered", 0))
    shown = run_sluice("ring", "show", "--json", "--config", str(daemon.config_file))
    assert shown.returncode == 0
    ring_shown = json.loads(shown.stdout)
    assert ring_shown["path"] == str(ring) and ring_shown["holder"] == daemon.pid
    assert ring_shown["datagrams"] == 20 and ring_shown["bytes"] == 20 * size
    assert ring_shown["sources"] == [
        {"name": "main", "datagrams": 20, "bytes": 20 * size, "stored": 0}
    ]
    assert ring_shown["oldest_age_seconds"] >= 0 and ring_shown["damages"] == []
    assert ring_shown["capacity"] == 16 * MEBIBYTE and ring_shown["tail"] == 0
    text = run_sluice("ring", "show", str(ring)).stdout.decode()
    assert f"process {daemon.pid} works on it" in text and "20 datagrams" in text
    assert run_sluice("ring", "verify", str(ring)).returncode == 0
    daemon.kill()
    before = ring.read_bytes()
    run_sluice("ring", "show", str(ring))
    run_sluice("ring", "verify", str(ring))
    assert ring.read_bytes() == before


def test_verify_tells_what_is_missing_from_what_is_damaged(daemon, ring):
    assert run_sluice("ring", "verify", str(ring)).returncode == 66
    daemon.start()
    assert daemon.stop() == 0
    assert run_sluice("ring", "verify", "--config", str(daemon.config_file)).returncode == 0
    content = ring.read_bytes()
    for changed, code in (
        (b"hello", 66),
        (with_version(content, 9), 66),
        (both_marks_broken(content), 65),
        (content[:-4_096], 65),
        (content + b"\0", 65),
    ):
        ring.write_bytes(changed)
        result = run_sluice("ring", "verify", str(ring))
        assert result.returncode == code, result
        assert result.stderr.decode().count("\n") == 1
        assert ring.read_bytes() == changed


def test_resize_keeps_what_is_in_the_ring_and_needs_the_daemon_stopped(daemon, numbered, ring):
    numbered.server.stop()
    daemon.start()
    for number in range(10):
        daemon.sender().send(numbered_line("numbered", number))
    daemon.wait_until_received()
    arguments = ("ring", "resize", "--size", "32MiB", "--config", str(daemon.config_file))
    refused = run_sluice(*arguments)
    assert refused.returncode == 74 and f"process {daemon.pid}".encode() in refused.stderr
    daemon.kill()
    resized = run_sluice(*arguments)
    assert resized.returncode == 0, resized
    assert b"16MiB \xe2\x86\x92 32MiB, 10 datagrams in it" in resized.stdout
    assert ring.stat().st_size == AREA + 32 * MEBIBYTE
    assert run_sluice("ring", "resize", "--size", "1", str(ring)).returncode == 64
    assert run_sluice("ring", "resize", "--size", "1MiB", str(ring) + "x").returncode == 66
    daemon.config["ring"]["size"] = "32MiB"
    numbered.server.start()
    daemon.start()
    wait_for("the rows", lambda: numbers(numbered) == list(range(10)))
    assert daemon.stop() == 0


def test_sizes_that_do_not_fit_leave_the_ring_and_its_readings(daemon, numbered, ring):
    numbered.server.stop()
    daemon.start()
    line = numbered_line("numbered", 0)
    for _ in range(400):
        daemon.sender().send("\n".join([line] * 100))
    daemon.wait_until_received()
    daemon.kill()
    used = json.loads(run_sluice("ring", "show", "--json", str(ring)).stdout)["used_bytes"]
    assert used > MEBIBYTE
    refused = run_sluice("ring", "resize", "--size", "1MiB", str(ring))
    assert refused.returncode == 74 and str(used + 64).encode() in refused.stderr
    daemon.config["ring"]["size"] = "1MiB"
    daemon.start()
    daemon.wait_for_log("the ring keeps its size")
    numbered.server.start()
    wait_for("all rows", lambda: numbered.count("numbered") >= 100)
    daemon.wait_until_written(numbered)
    assert daemon.stop() == 0
