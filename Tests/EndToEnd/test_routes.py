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
