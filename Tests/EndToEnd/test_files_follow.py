"""Files that are followed: whatever becomes of their names and contents, each line is in the table
once. Every way to rotate a file has a test."""

import os
import random
import shutil
import time
from pathlib import Path

import pytest

from support.files import LINE_BYTES, Logger, lines, positions, wait_until_all
from support.send import numbered_line, numbers
from support.wait import wait_for, wait_until_equal


@pytest.fixture
def logs(folder) -> Path:
    path = folder / "logs"
    path.mkdir()
    return path


@pytest.fixture
def follower(daemon, logs, numbered):
    """A daemon that follows `logs/*.lp`, not started."""
    del daemon.config["udp"]
    daemon.config["files"] = [{"path": f"{logs}/*.lp", "name": "logs", "rescan": "1s"}]
    return daemon


def test_what_is_there_and_what_is_appended_is_read(follower, logs, numbered):
    logger = Logger(logs / "a.lp")
    logger.write(100)
    follower.start()
    wait_until_all(numbered, 100)
    for count in (1, 5, 1_000, 20_000):
        logger.write(count)
        wait_until_all(numbered, logger.next)
    assert positions(numbered) == [logger.next * LINE_BYTES]
    assert follower.stop() == 0
    assert follower.totals()["rows"] == logger.next


def test_a_restart_reads_nothing_twice(follower, logs, numbered):
    logger = Logger(logs / "a.lp")
    for _ in range(3):
        logger.write(500)
        follower.start()
        wait_until_all(numbered, logger.next)
        logger.write(7)
        assert follower.stop() == 0
    follower.start()
    wait_until_all(numbered, logger.next)


def test_the_last_line_waits_for_its_line_end(follower, logs, numbered):
    logger = Logger(logs / "a.lp")
    logger.write(3)
    half = numbered_line("numbered", 3).encode()
    logger.write_bytes(half[:20])
    follower.start()
    wait_until_all(numbered, 3)
    logger.write_bytes(half[20:])
    follower.wait_for_status()
    follower.wait_for_status()
    assert numbers(numbered) == [0, 1, 2]
    logger.write_bytes(b"\n")
    wait_until_all(numbered, 4)


def test_a_renamed_file_is_read_to_its_end(follower, logs, numbered):
    follower.start()
    logger = Logger(logs / "a.lp")
    logger.write(10)
    wait_until_all(numbered, 10)
    os.rename(logs / "a.lp", logs / "a.lp.1")
    # Its writer has not noticed yet.
    logger.write(10)
    wait_until_all(numbered, 20)
    logger.reopen()
    logger.write(10)
    wait_until_all(numbered, 30)
    # The name of the one before last is used again, and the last one gets another.
    os.rename(logs / "a.lp.1", logs / "a.lp.2")
    os.rename(logs / "a.lp", logs / "a.lp.1")
    logger.write(10)
    logger.reopen()
    logger.write(10)
    wait_until_all(numbered, 50)


def test_a_file_that_is_renamed_within_the_pattern_is_the_same_one(follower, logs, numbered):
    follower.start()
    logger = Logger(logs / "a.lp")
    logger.write(10)
    wait_until_all(numbered, 10)
    os.rename(logs / "a.lp", logs / "a-old.lp")
    logger.write(5)
    logger.reopen()
    logger.write(5)
    wait_until_all(numbered, 20)


def test_a_file_that_is_moved_out_of_the_folder_is_read_to_its_end(
    follower, logs, folder, numbered
):
    follower.start()
    logger = Logger(logs / "a.lp")
    logger.write(10)
    wait_until_all(numbered, 10)
    os.rename(logs / "a.lp", folder / "elsewhere")
    logger.write(10)
    wait_until_all(numbered, 20)


@pytest.mark.parametrize("pattern", ["*.lp", "*.lp*"])
@pytest.mark.parametrize("name", ["a.lp.1", "a-20260131.lp"])
def test_a_copy_that_is_made_before_the_file_is_cut_is_no_new_file(
    follower, logs, numbered, pattern, name
):
    follower.config["files"][0]["path"] = f"{logs}/{pattern}"
    follower.start()
    logger = Logger(logs / "a.lp")
    logger.write(1_000)
    wait_until_all(numbered, 1_000)
    shutil.copyfile(logs / "a.lp", logs / name)
    logger.truncate()
    logger.write(500)
    wait_until_all(numbered, 1_500)
    follower.wait_for_log("event=file_rewritten")
    assert follower.stop() == 0
    follower.start()
    logger.write(10)
    wait_until_all(numbered, 1_510)
    follower.wait_for_status()
    follower.wait_for_status()
    wait_until_all(numbered, 1_510)


def test_what_the_copy_has_more_is_read_from_the_copy(follower, logs, numbered):
    """The daemon is down while the file is written to, copied and cut."""
    logger = Logger(logs / "a.lp")
    logger.write(1_000)
    follower.start()
    wait_until_all(numbered, 1_000)
    assert follower.stop() == 0
    logger.write(200)
    shutil.copyfile(logs / "a.lp", logs / "a.lp.1")
    logger.truncate()
    logger.write(300)
    follower.start()
    wait_until_all(numbered, 1_500)


def test_rotations_while_the_daemon_is_down_lose_nothing(follower, logs, numbered):
    logger = Logger(logs / "a.lp")
    logger.write(100)
    follower.start()
    wait_until_all(numbered, 100)
    assert follower.stop() == 0
    for _ in range(3):
        logger.write(100)
        for number in (3, 2, 1):
            if (logs / f"a.lp.{number}").exists():
                os.rename(logs / f"a.lp.{number}", logs / f"a.lp.{number + 1}")
        os.rename(logs / "a.lp", logs / "a.lp.1")
        logger.write(10)
        logger.reopen()
    logger.write(50)
    follower.start()
    wait_until_all(numbered, logger.next)


def test_rotated_files_of_before_the_first_start_are_left_alone(follower, logs, numbered):
    (logs / "a.lp.1").write_bytes(lines(range(1_000, 1_100)))
    logger = Logger(logs / "a.lp")
    logger.write(10)
    for _ in range(2):
        follower.start()
        wait_until_all(numbered, 10)
        follower.wait_for_status()
        assert follower.stop() == 0
    assert numbers(numbered) == list(range(10))


def test_a_deleted_file_is_read_to_its_end_and_a_new_one_from_its_start(
    follower, logs, numbered
):
    follower.start()
    first = Logger(logs / "a.lp")
    first.write(10)
    wait_until_all(numbered, 10)
    os.unlink(logs / "a.lp")
    first.write(10)
    second = Logger(logs / "a.lp", first=20)
    second.write(10)
    wait_until_all(numbered, 30)
    first.close()
    second.write(10)
    wait_until_all(numbered, 40)


def test_an_inode_that_is_used_again_is_a_new_file(follower, logs, numbered):
    header = b"# logger 1.0\n"
    first = Logger(logs / "a.lp")
    first.write_bytes(header)
    first.write(100)
    follower.start()
    wait_until_all(numbered, 100)
    assert follower.stop() == 0
    inode = first.inode
    first.close()
    os.unlink(logs / "a.lp")
    for number in range(5_000):
        second = Logger(logs / f".{number}", first=100)
        if second.inode == inode:
            break
        second.close()
    else:
        pytest.skip("this file system does not use the inode again")
    os.rename(second.path, logs / "a.lp")
    # Longer than the first one was.
    second.write_bytes(header)
    second.write(300)
    follower.start()
    wait_until_all(numbered, 400)
    assert len(positions(numbered)) == 1


def test_a_header_that_all_files_have_makes_none_the_same(follower, logs, numbered):
    follower.start()
    next_number = 0
    for name in ("a.lp", "b.lp", "c.lp"):
        logger = Logger(logs / name, first=next_number)
        logger.write_bytes(b"# made by a logger\n")
        follower.wait_for_status()
        logger.write(10)
        next_number = logger.next
        wait_until_all(numbered, next_number)


def test_a_file_that_is_cut_and_written_anew_is_read_anew(follower, logs, numbered):
    follower.start()
    logger = Logger(logs / "a.lp")
    logger.write(100)
    wait_until_all(numbered, 100)
    logger.truncate()
    logger.write(10)
    wait_until_all(numbered, 110)
    # Cut, and longer than before when it is looked at.
    os.kill(follower.pid, 19)
    logger.truncate()
    logger.write(400)
    os.kill(follower.pid, 18)
    wait_until_all(numbered, 510)
    follower.wait_for_log("event=file_rewritten")


def test_a_file_that_is_cut_at_its_end_is_read_on_from_there(follower, logs, numbered):
    follower.start()
    logger = Logger(logs / "a.lp")
    logger.write(1_000)
    wait_until_all(numbered, 1_000)
    logger.truncate(800 * LINE_BYTES)
    follower.wait_for_log("event=file_rewritten")
    logger.write(100)
    wait_until_all(numbered, 1_100)
    assert follower.stop() == 0
    follower.start()
    logger.write(1)
    wait_until_all(numbered, 1_101)


def test_files_and_folders_may_appear_later(follower, logs, numbered):
    follower.config["files"][0] |= {"path": f"{logs}/site-?/log/*.lp", "rescan": "1h"}
    follower.start()
    count = 0
    for site in ("site-1", "site-2"):
        (logs / site).mkdir()
        (logs / site / "log").mkdir()
        logger = Logger(logs / site / "log" / "a.lp", first=count)
        logger.write(10)
        count += 10
        wait_until_all(numbered, count)
    # A folder that goes and comes back.
    shutil.rmtree(logs / "site-1")
    follower.wait_for_status()
    (logs / "site-1" / "log").mkdir(parents=True)
    Logger(logs / "site-1" / "log" / "a.lp", first=count).write(10)
    wait_until_all(numbered, count + 10)


def test_names_need_not_be_text(follower, logs, numbered):
    follower.start()
    path = os.fsencode(logs) + b"/\xff\xfe \x1b[31m.lp"
    Path(os.fsdecode(path)).write_bytes(lines(range(10)))
    wait_until_all(numbered, 10)


def test_a_line_of_ten_megabytes_costs_itself(follower, logs, numbered):
    follower.start()
    logger = Logger(logs / "a.lp")
    logger.write(10)
    for _ in range(10):
        logger.write_bytes(b"x" * (1 << 20))
    wait_until_all(numbered, 10)
    logger.write_bytes(b"\n")
    logger.write(10)
    wait_until_all(numbered, 20)
    assert follower.stop() == 0
    assert follower.totals()["rejected_line_too_long"] == 1
    assert follower.totals()["rejected"] == 1


def test_strings_may_hold_line_ends(follower, logs, numbered):
    numbered.create_table("notes", '"timestamp" timestamptz, note text, number bigint')
    follower.start()
    notes = [f"first {n}\nsecond \\ {n}\n" + "x" * (n % 700) for n in range(2_000)]
    with (logs / "a.lp").open("w") as file:
        for number, note in enumerate(notes):
            text = note.replace("\\", "\\\\")
            file.write(f'notes note="{text}",number={number}i {1_790_000_000_000_000_000 + number}\n')
            if number % 300 == 0:
                file.flush()
                time.sleep(0.01)
    wait_until_equal("all notes", lambda: numbered.count("notes"), len(notes))
    found = numbered.rows("SELECT note FROM notes ORDER BY number")
    assert [note for (note,) in found] == notes


def test_a_binary_file_costs_nothing_but_its_lines(follower, logs, numbered):
    chance = random.Random(7)
    (logs / "binary.lp").write_bytes(chance.randbytes(300_000))
    (logs / "empty.lp").touch()
    (logs / "folder.lp").mkdir()
    (logs / "dangling.lp").symlink_to(logs / "nowhere")
    logger = Logger(logs / "a.lp")
    logger.write(10)
    follower.start()
    wait_until_all(numbered, 10)
    assert follower.stop() == 0
    assert follower.totals()["rejected"] > 0


def test_a_compressed_file_is_not_followed_and_that_is_told(follower, logs, numbered):
    (logs / "packed.lp").write_bytes(b"\x1f\x8b\x08\x00" + bytes(100))
    logger = Logger(logs / "a.lp")
    logger.write(10)
    follower.start()
    wait_until_all(numbered, 10)
    follower.wait_for_log("compressed file is not followed.*packed.lp")
    assert follower.stop() == 0
    assert follower.totals()["rejected"] == 0


def test_a_file_that_cannot_be_read_is_told_once_and_read_when_it_can(
    follower, logs, numbered, folder
):
    if os.geteuid() == 0:
        # Root may read everything; the user of the private server reaches its socket, and may not.
        follower.prefix = ["setpriv", "--reuid=postgres", "--clear-groups"]
        for path in (folder, folder / "ring"):
            path.chmod(0o777)
    (logs / "secret.lp").write_bytes(lines(range(10)))
    (logs / "secret.lp").chmod(0)
    follower.launch()
    follower.wait_for_log("event=file_problem.*secret.lp")
    Logger(logs / "a.lp", first=10).write(10)
    wait_until_equal("the other file", lambda: numbers(numbered), list(range(10, 20)))
    (logs / "secret.lp").chmod(0o644)
    wait_until_all(numbered, 20)
    assert len(follower.lines_of_log("cannot be read")) == 1


def test_files_wait_for_the_database(follower, logs, numbered, server):
    logger = Logger(logs / "a.lp")
    logger.write(1_000)
    follower.start()
    wait_until_all(numbered, 1_000)
    server.stop()
    logger.write(1_000)
    os.rename(logs / "a.lp", logs / "a.lp.1")
    logger.reopen()
    logger.write(1_000)
    follower.wait_for_log("event=database_(lost|unavailable)")
    follower.kill()
    follower.start()
    logger.write(1_000)
    # Gone before the database is back; it was opened before that.
    follower.wait_for_status()
    follower.wait_for_status()
    os.unlink(logs / "a.lp.1")
    logger.write(1_000)
    server.start()
    wait_until_all(numbered, 5_000)


def test_rows_and_position_move_together(follower, logs, numbered):
    follower.config["batch"]["interval"] = "0s"
    follower.start()
    logger = Logger(logs / "a.lp")
    seen = set()
    for _ in range(200):
        logger.write(50)
        rows, position = numbered.rows(
            "SELECT (SELECT count(*) FROM numbered), (SELECT coalesce(max(position), 0)"
            " FROM sluice_progress WHERE source LIKE 'file:%')"
        )[0]
        assert position == rows * LINE_BYTES
        seen.add(rows)
    wait_until_all(numbered, logger.next)
    assert len(seen) > 2


@pytest.mark.parametrize("lanes", [1, 2])
def test_kills_at_random_moments_lose_nothing_and_write_nothing_twice(
    follower, logs, numbered, lanes
):
    seed = int(os.environ.get("SLUICE_SEED") or random.randrange(1 << 32))
    print(f"SLUICE_SEED={seed}")
    chance = random.Random(seed)
    follower.config["ring"]["lanes"] = lanes
    follower.config["batch"]["interval"] = "1ms"
    loggers = [Logger(logs / f"{name}.lp", first=place * 10_000_000) for place, name in enumerate("abc")]
    for _ in range(60):
        follower.launch()
        deadline = time.monotonic() + chance.choice([0.05, 0.1, 0.3]) * chance.random()
        while time.monotonic() < deadline:
            chance.choice(loggers).write(chance.choice([1, 10, 500]))
            time.sleep(0.002)
        follower.kill()
    follower.start()
    wanted = [n for place, l in enumerate(loggers) for n in range(place * 10_000_000, l.next)]
    wait_until_equal("every line once", lambda: numbers(numbered), wanted)


def test_a_full_ring_makes_files_wait(follower, logs, numbered, server):
    follower.config["ring"]["size"] = "1MiB"
    follower.start()
    logger = Logger(logs / "a.lp")
    logger.write(1)
    wait_until_all(numbered, 1)
    with server.frozen():
        for _ in range(20):
            logger.write(5_000)
        follower.wait_for_status()
        follower.wait_for_status()
    wait_until_all(numbered, logger.next)
    assert follower.stop() == 0
    assert follower.totals()["dropped_newest"] == 0


def test_lines_that_a_ring_has_dropped_as_the_oldest_are_read_again(daemon, logs, numbered, server):
    daemon.config["ring"] |= {"size": "1MiB", "overflow": "drop-oldest"}
    daemon.config["files"] = [{"path": f"{logs}/*.lp", "name": "logs"}]
    daemon.start()
    logger = Logger(logs / "a.lp")
    logger.write(1)
    wait_until_all(numbered, 1)
    server.stop()
    logger.write(3_000)
    sender = daemon.sender()
    pause = b"nothing x=1i " + b"1" * 1_000
    daemon.wait_for_status()
    for _ in range(3_000):
        sender.send_bytes(pause)
        time.sleep(0.0002)
    daemon.wait_for_log("event=ring_full")
    server.start()
    wait_until_all(numbered, 3_001)
