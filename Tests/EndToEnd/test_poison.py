"""Rows that the database refuses: each costs itself, with the right reason, and little time."""

import time

import pytest

from support.send import NANOSECONDS
from support.wait import wait_for, wait_until_equal

BASE = 1_790_000_000 * NANOSECONDS
TIME = '"timestamp" timestamptz NOT NULL'
BAD = 666

PARENT = (
    "CREATE TABLE parent (id bigint PRIMARY KEY)",
    f"INSERT INTO parent SELECT n FROM generate_series(0, 60000) AS n WHERE n <> {BAD}",
)


def trigger(body: str) -> tuple[str, ...]:
    """Statements for a trigger that does this with each row, as the table's owner."""
    return (
        f"""CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
        $$BEGIN {body} RETURN NEW; END$$""",
        "CREATE TRIGGER look BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION look()",
    )


def raising(code: str) -> tuple[str, ...]:
    return trigger(
        f"IF NEW.v = {BAD} THEN RAISE EXCEPTION 'not this one' USING ERRCODE = '{code}'; END IF;"
    )


# What stands in a table already.
OLD = f"INSERT INTO t VALUES ('2026-01-01', {BAD})"
AT_THAT_TIME = f"INSERT INTO t VALUES (to_timestamp({(BASE + 1000) / NANOSECONDS:.6f}), {BAD})"

# The column v, what is made before and after the table, the reason, the SQLSTATE.
KINDS = {
    "foreign key": (
        "v bigint REFERENCES parent", PARENT, (), "foreign_key_violation", "23503",
    ),
    "deferred foreign key": (
        "v bigint REFERENCES parent DEFERRABLE INITIALLY DEFERRED", PARENT, (),
        "foreign_key_violation", "23503",
    ),
    "check": (f"v bigint CHECK (v <> {BAD})", (), (), "check_violation", "23514"),
    "unique": (
        "v bigint UNIQUE", (), (OLD,), "unique_violation", "23505",
    ),
    "deferred unique": (
        "v bigint UNIQUE DEFERRABLE INITIALLY DEFERRED", (), (OLD,), "unique_violation", "23505",
    ),
    "unique with the time": (
        'v bigint, UNIQUE ("timestamp", v)', (), (AT_THAT_TIME,), "unique_violation", "23505",
    ),
    "exclusion": (
        "v bigint, EXCLUDE USING btree (v WITH =)", (), (OLD,), "exclusion_violation", "23P01",
    ),
    "check of a domain": (
        "v small", (f"CREATE DOMAIN small AS bigint CHECK (VALUE <> {BAD})",), (),
        "check_violation", "23514",
    ),
    "NOT NULL of the table": (
        "v bigint NOT NULL", (),
        trigger(f"IF NEW.v = {BAD} THEN NEW.v = NULL; END IF;"), "not_null_violation", "23502",
    ),
    "overflow of a generated column": (
        f"v bigint, w smallint GENERATED ALWAYS AS (CASE v WHEN {BAD} THEN 99999 END) STORED",
        (), (), "data_exception", "22003",
    ),
    "division by zero": (
        f"v bigint, w bigint GENERATED ALWAYS AS (1 / (v - {BAD})) STORED", (), (),
        "data_exception", "22012",
    ),
    "numeric overflow in a trigger": (
        "v bigint, w numeric(4, 2)", (),
        trigger(f"IF NEW.v = {BAD} THEN NEW.w = 100; END IF;"), "data_exception", "22003",
    ),
    "trigger that says check_violation": (
        "v bigint", (), raising("23514"), "check_violation", "23514",
    ),
    "trigger that says data_exception": (
        "v bigint", (), raising("22023"), "data_exception", "22023",
    ),
    "constraint trigger at the end": (
        "v bigint", (),
        (
            f"""CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
            IF NEW.v = {BAD} THEN RAISE EXCEPTION 'not this one' USING ERRCODE = '23514';
            END IF; RETURN NULL; END$$""",
            """CREATE CONSTRAINT TRIGGER look AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION look()""",
        ),
        "check_violation", "23514",
    ),
}  # fmt: skip


def make(database, kind: str, is_hypertable: bool = False) -> tuple[str, str]:
    """The table `t` that refuses the value BAD; gives the reason and the SQLSTATE."""
    column, before, after, reason, code = KINDS[kind]
    database.execute(*before)
    database.create_table("t", f"{TIME}, {column}")
    if is_hypertable:
        database.execute("SELECT create_hypertable('t', 'timestamp')")
    database.execute(*after)
    return reason, code


def line(number: int, value: int) -> str:
    return f"t v={value}i {BASE + number * 1000}"


def values(database) -> list[int]:
    """The good ones."""
    good = f"SELECT v FROM t WHERE v IS DISTINCT FROM {BAD} ORDER BY v"
    return [v for (v,) in database.rows(good)]


def bad_ones(database) -> int:
    return database.value(f"SELECT count(*) FROM t WHERE v = {BAD}")


def one_row_was_rejected(daemon, reason: str, code: str) -> None:
    totals = daemon.totals()
    assert totals["rejected"] == totals[f"rejected_{reason}"] == 1
    told = daemon.lines_of_log("row_rejected")
    assert len(told) == 1 and code in told[0] and f"v={BAD}i" in told[0], told


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_row_is_rejected_with_its_reason_and_its_neighbours_are_written(
    daemon, database, kind
):
    reason, code = make(database, kind)
    before = bad_ones(database)
    daemon.start()
    daemon.sender().send(line(0, 1), line(1, BAD), line(2, 2))
    wait_until_equal("the neighbours", lambda: values(database), [1, 2])
    daemon.sender().send(line(3, 3))
    wait_until_equal("a later row", lambda: values(database), [1, 2, 3])
    assert daemon.stop() == 0
    assert bad_ones(database) == before
    one_row_was_rejected(daemon, reason, code)


@pytest.fixture
def timescale(server):
    if not server.has_timescale:
        pytest.skip("the server has no TimescaleDB")


@pytest.mark.parametrize(
    "kind", ["foreign key", "deferred foreign key", "check", "unique with the time"]
)
def test_a_row_that_a_hypertable_refuses_is_rejected_with_its_reason(
    timescale, daemon, database, kind
):
    reason, code = make(database, kind, is_hypertable=True)
    before = bad_ones(database)
    daemon.start()
    daemon.sender().send(line(0, 1), line(1, BAD), line(2, 2))
    wait_until_equal("the neighbours", lambda: values(database), [1, 2])
    assert daemon.stop() == 0
    assert bad_ones(database) == before
    one_row_was_rejected(daemon, reason, code)


def test_a_duplicate_in_a_compressed_chunk_which_the_server_tells_without_a_line_is_rejected(
    timescale, daemon, database
):
    reason, code = make(database, "unique with the time", is_hypertable=True)
    database.execute(
        "ALTER TABLE t SET (timescaledb.compress)",
        "SELECT compress_chunk(chunk) FROM show_chunks('t') AS chunk",
    )
    daemon.start()
    daemon.sender().send(*(line(100 + v, v) for v in range(300)), line(1, BAD), line(500, 300))
    wait_until_equal("the others", lambda: values(database), list(range(301)))
    assert daemon.stop() == 0
    assert bad_ones(database) == 1
    one_row_was_rejected(daemon, reason, code)


def test_a_row_for_which_there_is_no_partition_is_rejected(daemon, database):
    database.execute(
        f"CREATE TABLE t ({TIME}, v bigint) PARTITION BY RANGE (v)",
        f"CREATE TABLE t_small PARTITION OF t FOR VALUES FROM (0) TO ({BAD})",
        "GRANT INSERT ON t TO sluice",
    )
    daemon.start()
    daemon.sender().send(line(0, 1), line(1, BAD), line(2, 2))
    wait_until_equal("the neighbours", lambda: values(database), [1, 2])
    assert daemon.stop() == 0
    one_row_was_rejected(daemon, "check_violation", "23514")


# One batch, as the daemon takes it by default.
ROWS = 50_000
# Statements at most: for a clean batch, with what new connections ask for; for the thousands of
# rows that are then tried together, each under a savepoint; for each refused row, which halving
# finds in its thousand.
CLEAN_STATEMENTS = 40
STATEMENTS_PER_THOUSAND = 3
STATEMENTS_PER_REFUSED_ROW = 60


@pytest.mark.parametrize("poisoned", [1, 5])
@pytest.mark.parametrize("kind", ["check", "foreign key", "deferred foreign key", "unique"])
def test_refused_rows_in_a_large_batch_cost_themselves_and_few_statements(
    daemon, database, kind, poisoned
):
    reason, _ = make(database, kind)
    database.log_statements()
    places = {round(ROWS * (number + 0.3) / poisoned) for number in range(poisoned)}
    lines = [line(number, BAD if number in places else number + 1000) for number in range(ROWS)]
    # All of it waits in the ring when the daemon comes to the database.
    conninfo = daemon.config["database"]["conninfo"]
    daemon.config["database"]["conninfo"] = database.server.conninfo("not_there_yet", "sluice")
    daemon.start()
    sender = daemon.sender()
    for first in range(0, ROWS, 500):
        sender.send(*lines[first : first + 500])
        time.sleep(0.001)
    daemon.wait_until_received()
    daemon.config["database"]["conninfo"] = conninfo
    daemon.reload()
    wait_for("the good rows", lambda: database.count("t") >= ROWS - poisoned)
    assert daemon.stop() == 0
    assert values(database) == [n + 1000 for n in range(ROWS) if n not in places]
    assert daemon.totals()["rejected"] == daemon.totals()[f"rejected_{reason}"] == poisoned
    count = len(database.statements())
    print(f"{count} statements")
    search = ROWS // 1000 * STATEMENTS_PER_THOUSAND + poisoned * STATEMENTS_PER_REFUSED_ROW
    assert count <= CLEAN_STATEMENTS + search
