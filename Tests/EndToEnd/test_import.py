"""`sluice import`: files into the tables, once, from a terminal."""

import gzip
import os
import pty
import random
import re
import select
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from support.daemon import BINARY, environment, run_sluice
from support.files import LINE_BYTES, Logger, lines, positions, wait_until_all
from support.send import Load, numbered_line, numbers
from support.wait import wait_for, wait_until_equal

READINGS = "environmental_environmentalreading"


@pytest.fixture
def importer(daemon, numbered):
    """Its configuration is the daemon's, which need not run."""
    daemon.write_config()

    def run(*arguments, input: bytes = b"", code: int = 0):
        done = run_sluice("import", "--config", str(daemon.config_file), *map(str, arguments), input=input)
        print(done.stdout.decode(), done.stderr.decode())
        assert done.returncode == code
        return done

    run.config = str(daemon.config_file)
    return run


def start(importer, *arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [BINARY, "import", "--config", importer.config, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )


def test_files_are_loaded_once(importer, folder, numbered):
    (folder / "a").write_bytes(lines(range(1_000)))
    (folder / "b").write_bytes(gzip.compress(lines(range(1_000, 3_000))))
    done = importer(folder / "a", folder / "b")
    assert b"2 files, 3000 lines: 3000 rows, 0 rejected" in done.stdout
    assert re.search(rb"\d+ rows/s", done.stdout)
    assert done.stderr == b""
    wait_until_all(numbered, 3_000)
    again = importer(folder / "a", folder / "b")
    assert b"0 rows" in again.stdout and b"in the database already" in again.stdout
    wait_until_all(numbered, 3_000)
    assert positions(numbered) == [1_000 * LINE_BYTES, 2_000 * LINE_BYTES]


@pytest.mark.parametrize("lanes", [1, 2])
def test_files_of_all_sizes_are_loaded_once(importer, folder, numbered, lanes):
    # A batch ends where a file begins that was not there when it began.
    counts = [40_000, 1, 7_000, 0, 300, 12_000] * 5
    first = 0
    for number, count in enumerate(counts):
        (folder / f"{number:02}").write_bytes(lines(range(first, first + count)))
        first += count
    names = [folder / f"{number:02}" for number in range(len(counts))]
    done = importer("--lanes", lanes, *names)
    assert f"{first} lines: {first} rows, 0 rejected" in done.stdout.decode()
    wait_until_all(numbered, first)


def test_what_was_appended_since_is_loaded(importer, folder, numbered):
    logger = Logger(folder / "a")
    for _ in range(3):
        logger.write(1_000)
        importer(folder / "a")
        wait_until_all(numbered, logger.next)


@pytest.mark.parametrize("lanes", [1, 2, 3])
@pytest.mark.parametrize("packer", ["plain", "gzip"])
def test_kills_at_random_moments_lose_nothing_and_write_nothing_twice(
    importer, folder, numbered, lanes, packer
):
    seed = int(os.environ.get("SLUICE_SEED") or random.randrange(1 << 32))
    print(f"SLUICE_SEED={seed}")
    chance = random.Random(seed)
    count = 300_000
    content = lines(range(count))
    (folder / "a").write_bytes(content if packer == "plain" else gzip.compress(content, 1))
    kills = stops = 0
    while True:
        process = start(importer, "--lanes", lanes, folder / "a")
        try:
            # Later ones get more time, so that a slow machine comes to the end as well.
            patience = 0.5 + (kills + stops) / 20
            process.communicate(timeout=chance.random() * patience)
            assert process.returncode == 0
            break
        except subprocess.TimeoutExpired:
            if chance.random() < 0.7:
                process.kill()
                kills += 1
            else:
                process.send_signal(signal.SIGINT)
                stops += 1
            process.communicate()
            # Before the program is ready for it, a signal ends it as it does any other.
            assert process.returncode in (-signal.SIGKILL, -signal.SIGINT, 130, 0)
    print(f"{kills} kills, {stops} stops")
    wait_until_all(numbered, count)
    assert positions(numbered) == [count * LINE_BYTES]


def test_other_lanes_go_on_with_what_is_there(importer, folder, numbered):
    count = 300_000
    (folder / "a").write_bytes(lines(range(count)))
    for lanes in (3, 2, 1, 4):
        before = numbered.count("numbered")
        process = start(importer, "--lanes", lanes, folder / "a")
        wait_for(
            "more rows",
            lambda: numbered.count("numbered") > before or process.poll() is not None,
        )
        process.kill()
        process.communicate()
    assert importer("--lanes", "2", folder / "a").stderr == b""
    wait_until_all(numbered, count)


def test_large_files_are_shared_out_without_a_word(importer, folder, numbered):
    (folder / "a").write_bytes(lines(range(300_000)))
    assert importer("--lanes", "3", folder / "a").stderr == b""
    wait_until_all(numbered, 300_000)


def test_another_content_in_the_place_of_a_file_that_was_loaded_in_part_is_loaded_whole(
    importer, folder, numbered
):
    count = 300_000
    path = folder / "a"
    path.write_bytes(lines(range(count)))
    process = start(importer, "--lanes", "2", path)
    wait_for("some rows", lambda: numbered.count("numbered") > 0 or process.poll() is not None)
    process.kill()
    process.communicate()
    # The same inode.
    path.write_bytes(lines(range(count, 2 * count)))
    importer("--lanes", "2", path)
    # What was loaded of the former content stays.
    loaded = [number for number in numbers(numbered) if number >= count]
    assert loaded == list(range(count, 2 * count))


def test_a_file_that_is_named_again_while_it_is_on_its_way_is_loaded_once(importer, folder, numbered):
    small, large = 1_000, 300_000
    (folder / "a").write_bytes(lines(range(large)))
    (folder / "b").write_bytes(lines(range(large, large + small)))
    (folder / "c").hardlink_to(folder / "a")
    names = [folder / name for name in ("a", "b", "b", "c", "a")]
    done = importer("--lanes", "2", *names)
    assert done.stderr == b""
    wait_until_all(numbered, large + small)
    assert positions(numbered) == [small * LINE_BYTES, large * LINE_BYTES]


def test_rows_that_do_not_fit_in_the_midst_of_lines_decoded_together_follow(
    importer, folder, numbered
):
    # Lines are decoded by the power of two, and so many rows are held: one line less shifts them.
    count = 250_000
    text = lines(range(count)).splitlines(keepends=True)
    (folder / "a").write_bytes(b"".join([*text[:5], b"nonsense\n", *text[5:]]))
    done = importer("--lanes", "1", folder / "a", code=65)
    assert b"250001 lines: 250000 rows, 1 rejected" in done.stdout
    wait_until_all(numbered, count)


def test_ctrl_c_stops_and_the_same_command_goes_on(importer, folder, numbered):
    count = 400_000
    (folder / "a").write_bytes(lines(range(count)))
    process = start(importer, folder / "a")
    wait_for("the first rows", lambda: numbered.count("numbered") > 0)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate()
    if process.returncode == 130:
        assert b"the same command goes on" in errors
    found = numbers(numbered)
    assert len(set(found)) == len(found)
    importer(folder / "a")
    wait_until_all(numbered, count)


def has_taken_its_signals(pid: int) -> bool:
    """The main thread takes them, and sleeps again when the handler has run: proc(5)."""
    def look(name: str) -> str:
        status = Path(f"/proc/{pid}/status").read_text()
        return re.search(rf"^{name}:\s+(\S+)", status, re.MULTILINE)[1]

    return int(look("ShdPnd"), 16) == 0 and look("State") == "S"


def test_a_stream_that_ends_together_with_a_stop_is_not_taken_for_a_whole_one(importer, numbered):
    process = subprocess.Popen(
        [BINARY, "import", "--config", importer.config, "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    process.stdin.write(lines(range(1_000)))
    process.stdin.flush()
    wait_for("the rows", lambda: numbered.count("numbered") == 1_000)
    process.send_signal(signal.SIGINT)
    wait_for("the signal", lambda: has_taken_its_signals(process.pid))
    _, errors = process.communicate()
    assert process.returncode == 130
    assert errors.startswith(b"sluice: stopped")


def test_rejected_lines_are_counted_by_reason_and_told_by_the_exit_code(
    importer, folder, numbered
):
    (folder / "a").write_bytes(
        lines(range(10)) + b"no line\nnowhere value=1 1790000000000000000\n"
        + lines(range(10, 20)) + b"numbered,source=x number=1i 1790000000000000000\nnumbered,source"
    )
    done = importer(folder / "a", code=65)
    assert b"24 lines: 20 rows, 4 rejected" in done.stdout
    for reason in (b"1 rejected, no_table", b"1 rejected, truncated", b"1 rejected, field"):
        assert reason in done.stdout
    assert b"sluice rejects list" in done.stdout
    wait_until_all(numbered, 20)
    listed = run_sluice("rejects", "show", "--config", importer.config)
    assert b"no line\n" in listed.stdout


def test_standard_input_is_loaded(importer, folder, numbered):
    done = importer("-", input=lines(range(1_000))[:-1])
    assert b"1000 rows" in done.stdout
    importer("-", input=gzip.compress(lines(range(1_000, 2_000))))
    wait_until_all(numbered, 2_000)
    assert positions(numbered) == []


def test_nothing_is_lost_when_the_answer_to_a_commit_of_standard_input_is(
    importer, numbered
):
    process = subprocess.Popen(
        [BINARY, "import", "--config", importer.config, "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )
    stopping = threading.Event()

    def interfere():
        while not stopping.is_set():
            numbered.end_connections()
            time.sleep(0.02)

    thread = threading.Thread(target=interfere)
    thread.start()
    for part in range(40):
        process.stdin.write(lines(range(part * 1_000, part * 1_000 + 1_000)))
        process.stdin.flush()
        time.sleep(0.02)
    stopping.set()
    thread.join()
    process.communicate()
    assert process.returncode == 0
    wait_until_all(numbered, 40_000)


def test_a_dry_run_writes_nothing_and_says_what_would_happen(importer, folder, numbered):
    (folder / "a").write_bytes(lines(range(100)) + b"no line\n")
    before = numbered.rows("SELECT * FROM sluice_progress")
    done = importer("--dry-run", folder / "a", code=65)
    assert b"101 lines: 100 would be rows, 1 rejected" in done.stdout
    assert re.search(rb'100 rows for .*"numbered"', done.stdout)
    assert numbered.count("numbered") == 0
    assert numbered.rows("SELECT * FROM sluice_progress") == before
    assert not (folder / "ring" / "rejects").exists() or not list((folder / "ring" / "rejects").glob("*.lp"))
    importer(folder / "a", code=65)
    wait_until_all(numbered, 100)


def test_files_that_cannot_be_read_do_not_hold_up_the_others(importer, folder, numbered):
    (folder / "a").write_bytes(lines(range(10)))
    (folder / "b").write_bytes(lines(range(10, 20)))
    done = importer(folder / "a", folder / "missing", folder, folder / "b", code=66)
    assert len(done.stderr.splitlines()) == 2
    assert b"missing: open failed: No such file" in done.stderr
    assert b"Is a directory" in done.stderr
    wait_until_all(numbered, 20)


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_a_file_that_is_cut_off_is_loaded_up_to_the_cut(importer, folder, numbered, packer):
    content = b"".join(
        numbered_line("numbered", n).encode() + b" " * (n * n % 31) + b"\n" for n in range(20_000)
    )
    (folder / "whole").write_bytes(content)
    tool = {"gzip": ["gzip", "-c"], "zstd": ["zstd", "-q", "-c"]}[packer]
    packed = subprocess.run([*tool, folder / "whole"], capture_output=True, check=True).stdout
    (folder / "cut").write_bytes(packed[: len(packed) // 2])
    done = importer(folder / "cut", code=65)
    assert b"cut off" in done.stderr
    found = numbers(numbered)
    assert found == list(range(len(found))) and len(found) > 3_000


def test_a_database_that_is_away_is_told_at_once(importer, folder, server):
    (folder / "a").write_bytes(lines(range(10)))
    server.stop()
    done = importer(folder / "a", code=69)
    assert len(done.stderr.splitlines()) == 1
    server.start()


def test_a_database_that_goes_away_is_waited_for(importer, folder, numbered, server):
    count = 400_000
    (folder / "a").write_bytes(lines(range(count)))
    process = start(importer, folder / "a")
    wait_for("the first rows", lambda: numbered.count("numbered") > 0)
    server.stop("immediate")
    wait_for("the import to tell of it", lambda: select.select([process.stderr], [], [], 0)[0])
    server.start()
    process.communicate()
    assert process.returncode == 0
    wait_until_all(numbered, count)


def test_a_running_daemon_is_not_disturbed(importer, daemon, folder, numbered):
    numbered.create_table("live", '"timestamp" timestamptz NOT NULL, source bigint, number bigint')
    daemon.start()
    load = Load(daemon.port, table="live", lines=1, rate=200).start()
    (folder / "a").write_bytes(lines(range(300_000)))
    importer(folder / "a")
    sent = load.stop()
    wait_until_equal("all datagrams", lambda: numbered.count("live"), sent)
    wait_until_all(numbered, 300_000)
    assert daemon.stop() == 0
    assert daemon.totals()["dropped_kernel"] == daemon.totals()["dropped_newest"] == 0


def test_what_was_imported_is_not_taken_by_the_daemon_again(importer, daemon, folder, numbered):
    inbox = folder / "inbox"
    inbox.mkdir()
    (inbox / "a").write_bytes(lines(range(100_000)))
    importer("--lanes", "2", inbox / "a")
    daemon.config["files"] = [
        {"path": f"{inbox}/*", "name": "inbox", "mode": "drop", "unchanged": "100ms", "done": "delete"}
    ]
    daemon.start()
    wait_for("the file's end", lambda: not (inbox / "a").exists())
    wait_until_all(numbered, 100_000)


def test_a_file_that_the_daemon_follows_is_loaded_by_both_once(importer, daemon, folder, numbered):
    logs = folder / "logs"
    logs.mkdir()
    daemon.config["files"] = [{"path": f"{logs}/*.lp", "name": "logs"}]
    daemon.start()
    logger = Logger(logs / "a.lp")
    for _ in range(5):
        logger.write(60_000)
        importer("--lanes", "2", logs / "a.lp")
    wait_until_all(numbered, logger.next)


def test_of_rows_with_one_key_the_last_one_stays(importer, daemon, folder, numbered):
    numbered.create_table("latest", '"timestamp" timestamptz PRIMARY KEY, number bigint')
    numbered.execute("GRANT SELECT, UPDATE ON latest TO sluice")
    daemon.config["table"] = [{"name": "latest", "duplicates": "replace"}]
    daemon.write_config()
    with (folder / "a").open("wb") as file:
        for number in range(300_000):
            file.write(b"latest number=%di %d\n" % (number, 10**18 + number % 1_000 * 1_000))
    importer(folder / "a")
    found = numbered.rows("SELECT min(number), count(*) FROM latest")[0]
    assert found == (299_000, 1_000)


def test_a_terminal_sees_a_bar_and_a_pipe_sees_lines(importer, folder, numbered):
    (folder / "a").write_bytes(lines(range(300_000)))
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [BINARY, "import", "--config", importer.config, folder / "a"],
        stdout=subprocess.PIPE, stderr=child, env=environment(),
    )
    os.close(child)
    shown = b""
    try:
        while data := os.read(parent, 65_536):
            shown += data
    except OSError:
        pass
    os.close(parent)
    output = process.communicate()[0]
    assert process.returncode == 0
    assert re.search(rb"\r.*\[[#-]{20}\] \d+ %, .* rows/s", shown)
    assert b"300000 rows" in output and b"\r" not in output


def test_a_wrong_configuration_and_wrong_arguments_are_usage_errors(importer, folder):
    assert run_sluice("import", "--config", importer.config).returncode == 64
    assert run_sluice("import", "--config", importer.config, "--lanes", "0", "x").returncode == 64
    assert run_sluice("import", "--config", str(folder / "none"), "x").returncode in (66, 78)


def test_a_line_of_ten_megabytes_and_strings_over_borders(importer, folder, numbered):
    numbered.create_table("notes", '"timestamp" timestamptz, note text, number bigint')
    notes = [f"first\n{n}\n" + "x" * (n % 3_000) for n in range(12_000)]
    with (folder / "a").open("wb") as file:
        for number, note in enumerate(notes):
            file.write(f'notes note="{note}",number={number}i {10**18 + number}\n'.encode())
            if number == 5_000:
                file.write(b"x" * (10 << 20) + b"\n")
    done = importer("--lanes", "3", folder / "a", code=65)
    assert b"1 rejected, line_too_long" in done.stdout
    assert [n for (n,) in numbered.rows("SELECT note FROM notes ORDER BY number")] == notes


def test_rows_go_in_the_order_of_an_index_that_begins_with_the_sensor(importer, folder, database):
    """Two tables in one file: each has its own order, also where a row is refused."""
    database.create_table(
        "series", '"timestamp" timestamptz NOT NULL, sensor_id bigint, value float8 CHECK (value < 9e9)'
    )
    database.create_table("plain", '"timestamp" timestamptz NOT NULL, sensor_id bigint, value float8')
    database.execute('CREATE INDEX ON series (sensor_id, "timestamp" DESC)')
    start = 1_790_000_000_000_000_000
    table = ("series", "plain")
    sent = [(number % 2, number * 7 % 31, number) for number in range(3_000)]
    text = [f"{table[t]},sensor_id={s} value={n} {start + n * 1_000_000}" for t, s, n in sent]
    (folder / "a").write_text("\n".join(text) + "\n")
    importer("--lanes", "1", folder / "a")

    def found(name: str) -> list[tuple]:
        return database.rows(f"SELECT sensor_id, value FROM {name} ORDER BY ctid")

    wanted = [(s, n) for t, s, n in sent if t == 0]
    assert found("series") == sorted(wanted, key=lambda row: (row[0], -row[1]))
    assert found("plain") == [(s, n) for t, s, n in sent if t == 1]

    # A batch that the database refuses is written row by row, and loses that row only.
    database.execute("TRUNCATE series")
    text[1_000] = f"series,sensor_id=3 value=1e10 {start}"
    (folder / "b").write_text("\n".join(text) + "\n")
    importer("--lanes", "1", folder / "b", code=65)
    rest = sorted((s, n) for t, s, n in sent if t == 0 and n != 1_000)
    assert sorted(found("series")) == rest


def test_each_transaction_into_a_sorted_table_is_one_copy(importer, folder, database):
    """So many rows as are sorted at a time; a rest would be a COPY without neighbours."""
    database.create_table(
        "series", '"timestamp" timestamptz NOT NULL, sensor_id bigint, value float8'
    )
    database.execute('CREATE INDEX ON series (sensor_id, "timestamp" DESC)')
    start, count = 1_790_000_000_000_000_000, 400_000
    with (folder / "a").open("w") as file:
        file.writelines(
            f"series,sensor_id={number % 100} value={number} {start + number * 1_000_000}\n"
            for number in range(count)
        )
    database.log_statements()
    importer("--lanes", "1", folder / "a")
    assert database.rows("SELECT count(*), sum(value) FROM series") == [
        (count, count * (count - 1) / 2)
    ]
    words = [statement.split(maxsplit=1)[0] for statement in database.statements()]
    steps = [word for word in words if word in ("COPY", "COMMIT")]
    assert steps.count("COPY") > 2
    assert ("COPY", "COPY") not in zip(steps, steps[1:])
