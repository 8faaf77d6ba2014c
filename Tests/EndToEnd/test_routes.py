"""Which measurement goes to which table and column, and what is said of tables that take none."""

import pytest

from support.daemon import run_sluice
from support.wait import wait_until_equal

BASE = 1_790_000_000_000_000_000
EX_CONFIG = 78
# The same letter as one character, and as two.
WHOLE, APART = "\u00e9", "e\u0301"


def test_columns_and_tables_that_only_look_alike_are_each_filled(daemon, database):
    columns = f'"timestamp" timestamptz NOT NULL, "{WHOLE}" integer, "{APART}" integer'
    database.create_table(f'"{WHOLE}"', columns)
    database.create_table(f'"{APART}"', columns)
    daemon.config["table"] = [{"name": WHOLE, "columns": [WHOLE, APART]}]
    daemon.write_config()
    result = run_sluice("check", "--config", str(daemon.config_file))
    assert result.returncode == 0, result.stderr.decode()
    daemon.start()
    daemon.sender().send(
        f"{WHOLE} {WHOLE}=1i,{APART}=2i {BASE}", f"{APART} {APART}=4i,{WHOLE}=3i {BASE}"
    )
    for table, expected in ((WHOLE, [(1, 2)]), (APART, [(3, 4)])):
        query = f'SELECT "{WHOLE}", "{APART}" FROM "{table}"'
        wait_until_equal("the row", lambda: database.rows(query), expected)


COLUMNS = '"timestamp" timestamptz NOT NULL, value integer'


def values(database, table: str):
    return lambda: [
        value for (value,) in database.rows(f"SELECT value FROM {table} ORDER BY value")
    ]


def test_a_mapping_takes_its_measurements_and_leaves_the_tables_name_to_others(daemon, database):
    database.execute("CREATE SCHEMA other", "GRANT USAGE ON SCHEMA other TO sluice")
    database.create_table("other.same", COLUMNS)
    database.create_table("public.same", COLUMNS)
    daemon.config["table"] = [{"name": "other.same", "measurement": ["far"]}]
    daemon.start()
    daemon.sender().send(f"far value=1i {BASE}", f"same value=2i {BASE}")
    wait_until_equal("the mapped row", values(database, "other.same"), [1])
    wait_until_equal("the other row", values(database, "public.same"), [2])


def test_a_mapping_without_measurements_takes_the_tables_name(daemon, database):
    database.execute("CREATE SCHEMA other", "GRANT USAGE ON SCHEMA other TO sluice")
    database.create_table("other.same", COLUMNS)
    database.create_table("public.same", COLUMNS)
    daemon.config["table"] = [{"name": "other.same"}]
    daemon.start()
    daemon.sender().send(f"same value=1i {BASE}")
    wait_until_equal("the row", values(database, "other.same"), [1])


def test_what_a_mapping_says_of_a_table_holds_for_the_tables_own_name(daemon, database):
    columns = "made timestamptz, measured timestamptz, value integer, note text"
    database.create_table("pump", columns)
    daemon.config["table"] = [
        {"name": "pump", "measurement": ["p"], "time": "measured", "columns": ["value"]}
    ]
    daemon.start()
    daemon.sender().send(f'p value=1i,note="a" {BASE}', f'pump value=2i,note="b" {BASE}')
    query = """SELECT value, note, made, extract(epoch FROM measured)::bigint
               FROM pump ORDER BY value"""
    expected = [(1, None, None, BASE // 10**9), (2, None, None, BASE // 10**9)]
    wait_until_equal("both rows", lambda: database.rows(query), expected)


def test_a_measurement_that_a_mapping_names_does_not_reach_the_table_of_its_name(daemon, database):
    database.create_table("one", COLUMNS)
    database.create_table("two", COLUMNS)
    daemon.config["table"] = [{"name": "one", "measurement": ["two"]}]
    daemon.start()
    daemon.sender().send(f"two value=2i {BASE}", f"one value=1i {BASE}")
    wait_until_equal("both rows", values(database, "one"), [1, 2])
    assert values(database, "two")() == []


def check(daemon) -> tuple[int, str]:
    daemon.write_config()
    result = run_sluice("check", "--config", str(daemon.config_file))
    return result.returncode, result.stderr.decode()


GENERATED = """
    at timestamp, made timestamp GENERATED ALWAYS AS (at) STORED,
    value integer, twice integer GENERATED ALWAYS AS (value * 2) STORED
"""


@pytest.mark.parametrize(
    "mapping, named",
    [
        ({"time": "made"}, ['time column "made" is generated']),
        ({"time": "at", "columns": ["value", "twice"]}, ['column "twice" is generated']),
        ({"time": "none"}, ['no column "none", which [[table]] time names']),
    ],
)
def test_what_a_mapping_cannot_mean_is_a_problem_that_names_it(daemon, database, mapping, named):
    database.create_table("pump", GENERATED)
    daemon.config["table"] = [{"name": "pump"} | mapping]
    code, said = check(daemon)
    assert code == EX_CONFIG
    assert len(said.splitlines()) == len(named)
    for text in named:
        assert text in said


def test_a_mapping_that_leaves_generated_columns_alone_is_in_order(daemon, database):
    database.create_table("pump", GENERATED)
    daemon.config["table"] = [{"name": "pump", "time": "at"}]
    assert check(daemon) == (0, "")


@pytest.mark.parametrize("mapping", [{"time": "at"}, {"time": "at", "columns": ["value"]}])
def test_a_time_column_without_the_right_to_it_is_named(daemon, database, mapping):
    database.execute(
        "CREATE TABLE pump (at timestamptz NOT NULL, value integer, note text)",
        "GRANT INSERT (value) ON pump TO sluice",
    )
    daemon.config["table"] = [{"name": "pump"} | mapping]
    code, said = check(daemon)
    assert code == EX_CONFIG
    assert len(said.splitlines()) == 1
    assert 'time column "at"' in said and 'GRANT INSERT ("at") ON "public"."pump"' in said


def test_row_level_security_is_told_of_with_what_to_do(daemon, database):
    database.create_table("pump", COLUMNS)
    database.execute("ALTER TABLE pump ENABLE ROW LEVEL SECURITY")
    code, said = check(daemon)
    assert code == EX_CONFIG
    assert 'ALTER TABLE "public"."pump" DISABLE ROW LEVEL SECURITY' in said
    daemon.start()
    daemon.wait_for_log("row-level security.*table_problem")
    daemon.sender().send(f"pump value=1i {BASE}")
    database.execute("ALTER TABLE pump DISABLE ROW LEVEL SECURITY")
    wait_until_equal("the row", values(database, "pump"), [1])


@pytest.mark.parametrize(
    "change, said_texts",
    [
        ("REVOKE UPDATE, SELECT ON sluice_progress FROM sluice", ["may not SELECT, UPDATE in"]),
        ("REVOKE INSERT ON sluice_progress FROM sluice", ["may not INSERT in"]),
        ("ALTER TABLE sluice_progress DROP updated_at", ['no column "updated_at"']),
        ("DROP TABLE sluice_progress", ["sluice_progress is missing"]),
        (
            "CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO sluice;"
            "ALTER TABLE sluice_progress SET SCHEMA s",
            ['"s"."sluice_progress" is not on the search path'],
        ),
        (
            "REVOKE ALL ON sluice_progress FROM sluice;"
            "GRANT SELECT, INSERT (ring_id, source, position), UPDATE (position, updated_at)"
            " ON sluice_progress TO sluice",
            [],
        ),
    ],
)
def test_what_the_progress_table_lacks_is_named(daemon, database, change, said_texts):
    database.execute(change)
    code, said = check(daemon)
    assert code == (EX_CONFIG if said_texts else 0)
    assert len(said.splitlines()) == len(said_texts)
    for text in said_texts:
        assert text in said


def test_more_sets_of_columns_than_are_kept_are_all_written(daemon, database):
    names = [f"c{bit}" for bit in range(13)]
    columns = ", ".join(f"{name} integer DEFAULT 7" for name in names)
    database.create_table("wide", f"{COLUMNS}, {columns}")
    daemon.start()
    sender = daemon.sender()

    def line(number: int) -> str:
        fields = [f"{name}=1i" for bit, name in enumerate(names) if number >> bit & 1]
        return f"wide {','.join([f'value={number}i'] + fields)} {BASE}"

    for first in range(0, 1 << 13, 256):
        sender.send(*map(line, range(first, first + 256)))
    wait_until_equal("all rows", lambda: database.count("wide"), 1 << 13)
    wrong = " OR ".join(
        f"c{bit} <> CASE WHEN value & {1 << bit} <> 0 THEN 1 ELSE 7 END" for bit in range(13)
    )
    assert database.value(f"SELECT count(*) FROM wide WHERE {wrong}") == 0
    assert database.value("SELECT count(DISTINCT value) FROM wide") == 1 << 13


def test_of_a_line_with_very_many_unknown_names_all_are_counted(daemon, database):
    database.create_table("pump", COLUMNS)
    daemon.start()
    fields = ",".join(f"unknown_{number:03}=1" for number in range(100))
    daemon.sender().send(f"pump value=1i,{fields} {BASE}", f"pump value=2i,{fields} {BASE}")
    wait_until_equal("the rows", values(database, "pump"), [1, 2])
    daemon.wait_for_log("no columns.*unknown_000.* and 54 more")
    daemon.stop()
    assert daemon.totals()["unmatched_values"] == 200
