"""Complete files that are put into a folder: taken in order, once, and then kept, moved or deleted."""

import gzip
import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from support.files import lines, positions, wait_until_all
from support.send import Load, numbered_line, numbers
from support.wait import wait_for, wait_until_equal


@pytest.fixture
def inbox(folder) -> Path:
    path = folder / "inbox"
    path.mkdir()
    return path


@pytest.fixture
def taker(daemon, inbox, numbered):
    """A daemon that takes what is put into the folder, not started."""
    daemon.config["files"] = [
        {"path": f"{inbox}/*", "name": "inbox", "mode": "drop", "unchanged": "300ms"}
    ]
    return daemon


def put(inbox: Path, name: str, content: bytes) -> Path:
    """Renames a file into place."""
    hidden = inbox / f".{name}"
    hidden.write_bytes(content)
    hidden.rename(inbox / name)
    return inbox / name


def zstd(content: bytes) -> bytes:
    return subprocess.run(["zstd", "-q", "-c"], input=content, capture_output=True, check=True).stdout


PACKERS = {"plain": bytes, "gzip": gzip.compress, "zstd": zstd}


def test_a_file_that_is_renamed_into_place_is_taken_at_once(taker, inbox, numbered):
    taker.config["files"][0]["unchanged"] = "1h"
    taker.start()
    put(inbox, "a", lines(range(1_000)))
    wait_until_all(numbered, 1_000)
    taker.wait_for_log("event=file_done")
    assert (inbox / "a").exists()
    assert taker.stop() == 0


def test_a_file_that_is_written_in_place_is_taken_when_it_has_not_changed(taker, inbox, numbered):
    taker.config["files"][0]["unchanged"] = "1s"
    taker.start()
    with (inbox / "a").open("wb") as file:
        for part in range(20):
            file.write(lines(range(part * 10, part * 10 + 10)))
            file.flush()
            time.sleep(0.1)
            assert numbers(numbered) == []
    wait_until_all(numbered, 200)


def test_a_file_that_was_there_before_the_start_is_judged_by_its_own_time(taker, inbox, numbered):
    taker.config["files"][0]["unchanged"] = "1h"
    for name, age in (("old", 7_200), ("new", 0)):
        (inbox / name).write_bytes(lines(range(10) if age else range(10, 20)))
        os.utime(inbox / name, (time.time() - age,) * 2)
    taker.start()
    wait_until_all(numbered, 10)
    taker.wait_for_status()
    taker.wait_for_status()
    assert numbers(numbered) == list(range(10))


def test_hidden_files_and_folders_are_none(taker, inbox, numbered):
    (inbox / ".hidden").write_bytes(lines(range(1_000, 1_010)))
    (inbox / "folder").mkdir()
    os.mkfifo(inbox / "pipe")
    taker.start()
    put(inbox, "a", lines(range(10)))
    wait_until_all(numbered, 10)


def test_files_are_taken_in_the_order_of_their_paths(taker, inbox, numbered):
    numbered.create_table("latest", '"timestamp" timestamptz PRIMARY KEY, name text')
    numbered.execute("GRANT SELECT, UPDATE ON latest TO sluice")
    taker.config["table"] = [{"name": "latest", "duplicates": "replace"}]
    for name in ("c", "a", "d", "b"):
        put(inbox, name, b"".join(b'latest name="%s" %d\n' % (name.encode(), n) for n in range(10**18, 10**18 + 5_000_000, 1000)))
        os.utime(inbox / name, (1, 1))
    taker.start()
    wait_for("all four", lambda: len(taker.lines_of_log("event=file_done")) == 4)
    assert numbered.rows("SELECT DISTINCT name FROM latest") == [("d",)]


@pytest.mark.parametrize("packer", PACKERS)
def test_content_is_told_by_its_bytes_and_not_by_the_name(taker, inbox, numbered, packer):
    taker.config["files"][0]["done"] = "delete"
    taker.start()
    put(inbox, "readings.txt", PACKERS[packer](lines(range(20_000))))
    wait_until_all(numbered, 20_000)
    wait_for("the file's end", lambda: not (inbox / "readings.txt").exists())


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_members_and_frames_are_one_file(taker, inbox, numbered, packer):
    content = lines(range(1_000))
    # Cut within a line.
    parts = [content[:10_001], content[10_001:20_005], b"", content[20_005:]]
    taker.start()
    put(inbox, "a", b"".join(PACKERS[packer](part) for part in parts))
    wait_until_all(numbered, 1_000)


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_of_a_file_that_is_cut_off_everything_before_the_cut_is_taken(
    taker, inbox, numbered, packer
):
    taker.config["files"][0]["done"] = "delete"
    chance = random.Random(1)
    content = b"".join(
        numbered_line("numbered", n).encode() + b" " * chance.randrange(30) + b"\n"
        for n in range(30_000)
    )
    packed = PACKERS[packer](content)
    taker.start()
    put(inbox, "a", packed[: len(packed) // 2])
    taker.wait_for_log("cut off")
    # The next one is not held up by it.
    put(inbox, "b", lines(range(100_000, 100_010)))
    wait_for("the other file", lambda: numbers(numbered)[-1:] == [100_009])
    found = numbers(numbered)[:-10]
    assert found == list(range(len(found)))
    assert len(found) > 5_000
    assert (inbox / "a").exists()
    assert taker.stop() == 0
    assert taker.totals()["rejected"] == taker.totals()["rejected_truncated"] <= 1


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_garbage_at_the_end_costs_nothing_else(taker, inbox, numbered, packer):
    taker.start()
    put(inbox, "a", PACKERS[packer](lines(range(1_000))) + b"garbage at the end")
    wait_until_all(numbered, 1_000)
    taker.wait_for_log(f"is not {packer}")


def test_a_last_line_without_line_end_counts_and_one_that_is_cut_off_is_truncated(
    taker, inbox, numbered
):
    taker.start()
    put(inbox, "a", lines(range(10)) + numbered_line("numbered", 10).encode())
    wait_until_all(numbered, 11)
    put(inbox, "b", lines(range(11, 20)) + b"numbered,source=1 numb")
    wait_until_all(numbered, 20)
    put(inbox, "c", lines(range(20, 21)) + b'numbered,source=1 note="not clos')
    wait_until_all(numbered, 21)
    taker.wait_until_written(numbered)
    assert taker.stop() == 0
    assert taker.totals()["rejected_truncated"] == 2
    assert taker.totals()["rejected"] == 2


def test_files_are_moved_when_they_are_in(taker, inbox, numbered, folder):
    done = folder / "done"
    done.mkdir()
    taker.config["files"][0] |= {"done": "move", "done_directory": done}
    taker.start()
    put(inbox, "a", lines(range(10)))
    wait_for("the move", lambda: (done / "a").exists())
    put(inbox, "a", lines(range(10, 20)))
    wait_for("the second move", lambda: (done / "a.1").exists())
    wait_until_all(numbered, 20)
    assert os.listdir(inbox) == []
    # Where it cannot be moved it stays, and is not read again.
    done.rename(folder / "other")
    put(inbox, "b", lines(range(20, 30)))
    wait_until_all(numbered, 30)
    taker.wait_for_log("stays where it is")
    assert taker.stop() == 0
    (folder / "other").rename(done)
    taker.start()
    wait_for("the late move", lambda: (done / "b").exists())
    wait_until_all(numbered, 30)


@pytest.mark.parametrize("packer", PACKERS)
def test_files_that_are_kept_are_not_read_again(taker, inbox, numbered, packer):
    put(inbox, "a", PACKERS[packer](lines(range(1_000))))
    for _ in range(3):
        taker.start()
        wait_until_all(numbered, 1_000)
        taker.wait_for_status()
        taker.wait_for_status()
        assert taker.stop() == 0
    wait_until_all(numbered, 1_000)


def test_what_is_appended_to_a_kept_file_is_taken(taker, inbox, numbered):
    taker.start()
    path = put(inbox, "a", lines(range(10)))
    wait_until_all(numbered, 10)
    taker.wait_for_log("event=file_done")
    with path.open("ab") as file:
        file.write(lines(range(10, 20)))
    wait_until_all(numbered, 20)


def test_a_file_that_is_taken_away_while_it_is_read_is_read(taker, inbox, numbered, server):
    taker.start()
    put(inbox, "z", lines(range(1)))
    wait_until_all(numbered, 1)
    with server.frozen():
        path = put(inbox, "a", lines(range(1, 300_000)))
        taker.wait_for_status()
        taker.wait_for_status()
        path.unlink()
    wait_until_equal("all lines", lambda: numbered.count("numbered"), 300_000)
    wait_until_all(numbered, 300_000)


def test_kills_while_files_are_taken_lose_nothing_and_write_nothing_twice(
    taker, inbox, numbered
):
    seed = int(os.environ.get("SLUICE_SEED") or random.randrange(1 << 32))
    print(f"SLUICE_SEED={seed}")
    chance = random.Random(seed)
    taker.config["files"][0]["done"] = "delete"
    count, kills = 0, 0
    for number in range(6):
        content = lines(range(count, count + 60_000))
        put(inbox, f"{number}", PACKERS[chance.choice(sorted(PACKERS))](content))
        count += 60_000
    while os.listdir(inbox):
        taker.launch()
        # Later ones get more time, so that a slow machine comes to the end as well.
        time.sleep(chance.random() * (0.6 + kills / 20))
        taker.kill()
        kills += 1
    print(f"{kills} kills")
    taker.start()
    wait_until_all(numbered, count)


def test_thousands_of_files_at_once(taker, inbox, numbered):
    taker.config["files"][0]["done"] = "delete"
    for number in range(2_000):
        put(inbox, f"{number:05}", lines(range(number * 3, number * 3 + 3)))
    taker.start()
    wait_until_all(numbered, 6_000)
    wait_for("an empty folder", lambda: os.listdir(inbox) == [])


def test_what_cannot_wait_does_not_wait_for_a_large_file(taker, inbox, numbered):
    """Datagrams are all taken, and are in the table long before the file is."""
    numbered.create_table("live", '"timestamp" timestamptz NOT NULL, source bigint, number bigint')
    taker.config["ring"]["size"] = "4MiB"
    taker.config["batch"]["rows"] = 5_000
    taker.start()
    count = 400_000
    put(inbox, "large", lines(range(count)))
    wait_for("the first rows of the file", lambda: numbered.count("numbered") > 0)
    load = Load(taker.port, table="live", lines=1, rate=200).start()
    early = 0
    while (rows := numbered.count("numbered")) < count:
        sent = load.sent
        wait_for("the datagrams that were sent", lambda: numbered.count("live") >= sent)
        if numbered.count("numbered") < count:
            early = sent
    sent = load.stop()
    wait_until_equal("all datagrams", lambda: numbered.count("live"), sent)
    wait_until_all(numbered, count)
    assert early > 0
    assert taker.stop() == 0
    assert taker.totals()["dropped_newest"] == 0
    assert taker.totals()["dropped_kernel"] == 0
