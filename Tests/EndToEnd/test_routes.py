"""Which measurement goes to which table and column, and what is said of tables that take none."""

from support.daemon import run_sluice
from support.wait import wait_until_equal

BASE = 1_790_000_000_000_000_000
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
