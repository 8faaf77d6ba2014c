"""What only a server with TimescaleDB shows."""

import time

import pytest

from support.send import NUMBERED_COLUMNS, Load, numbers
from support.wait import wait_for, wait_until_equal

DAY = 86_400_000_000_000
BASE = 1_790_000_000_000_000_000
READINGS = "environmental_environmentalreading"


@pytest.fixture(autouse=True)
def timescale(server):
    if not server.has_timescale:
        pytest.skip("the server has no TimescaleDB")


def line(sensor: int, day: int, temperature: float = 1.0) -> str:
    return f"{READINGS},sensor_id={sensor} temperature={temperature} {BASE - day * DAY}"


def test_readings_of_many_days_in_one_batch_go_to_their_chunks(daemon, database):
    daemon.start()
    daemon.sender().send(*(line(1, day) for day in range(20)))
    wait_until_equal("all rows", lambda: database.count(READINGS), 20)
    chunks = "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = "
    assert database.value(f"{chunks} '{READINGS}'") == 20


def test_late_readings_go_into_compressed_chunks(daemon, database):
    daemon.start()
    sender = daemon.sender()
    sender.send(*(line(1, day) for day in range(3)))
    wait_until_equal("the first rows", lambda: database.count(READINGS), 3)
    database.execute(
        f"""ALTER TABLE {READINGS} SET (
            timescaledb.compress, timescaledb.compress_segmentby = 'sensor_id')""",
        f"SELECT compress_chunk(chunk) FROM show_chunks('{READINGS}') AS chunk",
    )
    sender.send(*(line(2, day) for day in range(3)))
    wait_until_equal("the late rows", lambda: database.count(READINGS), 6)


def test_a_row_that_a_compressed_chunk_holds_already_is_rejected_and_the_rest_is_written(
    daemon, database
):
    daemon.start()
    sender = daemon.sender()
    sender.send(*(line(1, day) for day in range(3)))
    wait_until_equal("the first rows", lambda: database.count(READINGS), 3)
    database.execute(
        f"""ALTER TABLE {READINGS} SET (
            timescaledb.compress, timescaledb.compress_segmentby = 'sensor_id')""",
        f"SELECT compress_chunk(chunk) FROM show_chunks('{READINGS}') AS chunk",
    )
    sender.send(line(2, 0), line(1, 1, 99.0), line(2, 2))
    query = f"SELECT sensor_id, temperature FROM {READINGS} ORDER BY sensor_id"
    expected = [(1, 1.0)] * 3 + [(2, 1.0)] * 2
    wait_until_equal("the new rows", lambda: database.rows(query), expected)


def test_the_time_column_of_a_hypertable_is_its_dimension(daemon, database):
    database.create_table(
        "narrow",
        """id bigint GENERATED ALWAYS AS IDENTITY, value numeric(10,4) NOT NULL,
        reading_time timestamptz NOT NULL, created_at timestamptz, sensor_id bigint NOT NULL,
        PRIMARY KEY (reading_time, sensor_id)""",
    )
    database.execute("SELECT create_hypertable('narrow', 'reading_time')")
    daemon.start()
    daemon.sender().send(
        f'narrow,sensor_id=7 value=12.34567,created_at="2026-01-01T00:00:00Z" {BASE}'
    )
    query = """SELECT value::text, extract(epoch FROM reading_time)::bigint, sensor_id,
                      extract(epoch FROM created_at)::bigint FROM narrow"""
    expected = [("12.3457", BASE // 1_000_000_000, 7, 1_767_225_600)]
    wait_until_equal("the row", lambda: database.rows(query), expected)


def test_a_foreign_key_that_fails_at_commit_costs_its_line_only(daemon, database):
    database.execute("CREATE TABLE sensor (id bigint PRIMARY KEY)", "INSERT INTO sensor VALUES (1)")
    database.create_table(
        "narrow",
        """value numeric(10,4) NOT NULL, reading_time timestamptz NOT NULL,
        sensor_id bigint NOT NULL REFERENCES sensor DEFERRABLE INITIALLY DEFERRED,
        PRIMARY KEY (reading_time, sensor_id)""",
    )
    database.execute("SELECT create_hypertable('narrow', 'reading_time')")
    daemon.start()
    daemon.sender().send(
        f"narrow,sensor_id=1 value=1 {BASE}",
        f"narrow,sensor_id=2 value=2 {BASE}",
        f"narrow,sensor_id=1 value=3 {BASE + 1000}",
    )
    query = "SELECT value::integer FROM narrow ORDER BY 1"
    wait_until_equal("the good rows", lambda: database.rows(query), [(1,), (3,)])


def test_chunks_that_are_compressed_and_decompressed_under_load_get_every_row_once(
    daemon, database
):
    chunks = "FROM (SELECT chunk FROM show_chunks('numbered') AS chunk ORDER BY random()) AS chunks"
    database.create_table("numbered", f'{NUMBERED_COLUMNS}, UNIQUE ("timestamp", number)')
    database.execute(
        """SELECT create_hypertable('numbered', 'timestamp',
            chunk_time_interval => interval '1 millisecond')""",
        "ALTER TABLE numbered SET (timescaledb.compress)",
    )
    daemon.start()
    load = Load(daemon.port).start()
    for turn in range(1, 11):
        wait_for("rows under load", lambda: database.count("numbered") >= turn * 500)
        database.execute(
            f"SELECT compress_chunk(chunk, true) {chunks}",
            f"SELECT decompress_chunk(chunk, true) {chunks} LIMIT 2",
        )
    sent = load.stop()
    wait_for(f"{sent} rows", lambda: database.count("numbered") >= sent)
    assert numbers(database) == list(range(sent))
    assert daemon.stop() == 0
    assert daemon.totals()["rejected"] == 0


def test_a_batch_over_more_chunks_than_the_server_has_locks_for_is_written_in_parts(
    daemon, database
):
    days = 2_500
    daemon.config["batch"] |= {"interval": "1s", "drain": "5min"}
    database.create_table("t", '"timestamp" timestamptz NOT NULL, v integer')
    database.execute(
        "SELECT create_hypertable('t', 'timestamp', chunk_time_interval => interval '1 day')"
    )
    daemon.start()
    sender = daemon.sender()
    for first in range(0, days, 100):
        lines = (f"t v={day}i {BASE - day * DAY}" for day in range(first, first + 100))
        sender.send(*lines)
        time.sleep(0.001)
    daemon.wait_for_log("sqlstate=53200")
    assert daemon.stop() == 0
    assert daemon.totals()["in_ring"] == daemon.totals()["rejected"] == 0
    # In parts too: nobody has locks for all of them.
    written = []
    for first in range(0, days, 100):
        newest, oldest = (f"to_timestamp({(BASE - day * DAY) // 1_000_000_000})"
                          for day in (first, first + 100))  # fmt: skip
        part = f"""SELECT v FROM t WHERE "timestamp" > {oldest} AND "timestamp" <= {newest}"""
        written += [v for (v,) in database.rows(part)]
    assert sorted(written) == list(range(days))
