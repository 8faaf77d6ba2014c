"""Tables that change while readings are on their way, and batches of which the database refuses
much."""

import pytest

from support.send import NUMBERED_COLUMNS, numbered_line, numbers
from support.wait import wait_for, wait_until_equal

BASE = 1_790_000_000_000_000_000
TIME = '"timestamp" timestamptz NOT NULL'


@pytest.mark.parametrize(
    "before, change, values, expected",
    [
        ("v bigint", "ALTER TABLE t ALTER v TYPE double precision", ["5i", "7i"], [5.0, 7.0]),
        ("v double precision", "ALTER TABLE t ALTER v TYPE bigint", ["5", "7"], [5, 7]),
        ("v jsonb", "ALTER TABLE t ALTER v TYPE text", ['"[5]"', '"[7]"'], ["[5]", "[7]"]),
        ("v varchar(3)", "ALTER TABLE t ALTER v TYPE varchar(9)", ['"abc"', '"abcdef"'],
         ["abc", "abcdef"]),
        ("v smallint", "ALTER TABLE t ALTER v TYPE integer", ["5i", "70000i"], [5, 70000]),
        ("v double precision, w integer",
         "ALTER TABLE t ALTER w SET DEFAULT 0; UPDATE t SET w = 0; ALTER TABLE t ALTER w SET NOT NULL",
         ["5", "7"], [5.0, 7.0]),
        ("v bigint", f"DROP TABLE t; CREATE TABLE t ({TIME}, v double precision);"
         " INSERT INTO t VALUES (now() - interval '1 year', 5); GRANT INSERT ON t TO sluice",
         ["5i", "7i"], [5.0, 7.0]),
        ("v bigint", f"ALTER TABLE t RENAME TO u; CREATE TABLE t ({TIME}, v double precision);"
         " INSERT INTO t VALUES (now() - interval '1 year', 5); GRANT INSERT ON t TO sluice",
         ["5i", "7i"], [5.0, 7.0]),
    ],
)  # fmt: skip
def test_a_table_that_was_changed_gets_the_right_values(
    daemon, database, before, change, values, expected
):
    database.create_table("t", f"{TIME}, {before}")
    daemon.start()
    sender = daemon.sender()
    sender.send(f"t v={values[0]} {BASE}")
    wait_until_equal("the first row", lambda: database.count("t"), 1)
    database.execute(*change.split("; "))
    sender.send(f"t v={values[1]} {BASE + 1000}")
    rows = "SELECT v FROM t ORDER BY v"
    wait_until_equal("both rows", lambda: [row[0] for row in database.rows(rows)], expected)


def test_a_table_that_is_gone_is_waited_for(daemon, numbered):
    daemon.start()
    sender = daemon.sender()
    sender.send(numbered_line("numbered", 0))
    wait_until_equal("the first row", lambda: numbers(numbered), [0])
    numbered.execute("DROP TABLE numbered")
    for number in range(1, 50):
        sender.send(numbered_line("numbered", number))
    daemon.wait_for_log("numbered.* is gone")
    numbered.create_table("numbered", NUMBERED_COLUMNS)
    wait_until_equal("the others", lambda: numbers(numbered), list(range(1, 50)))


def test_a_datagram_of_refused_rows_that_is_larger_than_a_batch_is_counted(daemon, database):
    daemon.config["batch"]["rows"] = 10
    database.create_table("t", f"{TIME}, v integer CHECK (v > 0)")
    daemon.start()
    daemon.sender().send(*(f"t v=-1i {BASE + number * 1000}" for number in range(25)), f"t v=1i {BASE}")
    wait_until_equal("the good row", lambda: database.count("t"), 1)
    assert daemon.stop() == 0
    assert daemon.totals()["rejected_check_violation"] == 25
    assert daemon.totals()["rows"] == 1


def test_rows_that_a_trigger_leaves_out_are_counted(daemon, database):
    daemon.config["batch"]["rows"] = 10
    database.create_table("t", f"{TIME}, v integer")
    database.execute(
        """CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN IF NEW.v < 0 THEN RETURN NULL; END IF; RETURN NEW; END$$""",
        "CREATE TRIGGER leave_out BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION leave_out()",
    )
    daemon.start()
    daemon.sender().send(*(f"t v={number - 20}i {BASE}" for number in range(25)))
    wait_until_equal("the rows that stay", lambda: database.count("t"), 5)
    assert daemon.stop() == 0
    assert daemon.totals()["rejected_suppressed"] == 20
    assert daemon.totals()["rows"] == 5


def test_thousands_of_refused_rows_do_not_use_up_the_server(daemon, database):
    # More than the locks that the server has for one session after another.
    count = 12_000
    database.create_table("t", f"{TIME}, s integer PRIMARY KEY, v integer CHECK (v <> 1)")
    daemon.config["batch"]["interval"] = "500ms"
    daemon.start()
    sender = daemon.sender()
    for first in range(0, count, 500):
        numbers = range(first, first + 500)
        sender.send(*(f"t s={number}i,v={number % 3}i {BASE}" for number in numbers))
    good = sum(number % 3 != 1 for number in range(count))
    wait_for("the good rows", lambda: database.count("t") >= good)
    assert daemon.stop() == 0
    assert database.count("t") == good
    assert daemon.totals()["rows"] == good
    assert daemon.totals()["rejected_check_violation"] == count - good
    assert not daemon.find_in_log("shared memory")


def test_a_row_that_is_too_large_for_an_index_costs_that_row(daemon, database):
    database.create_table("t", f"{TIME}, v text")
    database.execute("CREATE INDEX ON t (v)")
    daemon.start()
    # What cannot be compressed: 20 KB of pseudorandom letters.
    state, letters = 1, []
    for _ in range(20_000):
        state = state * 6_364_136_223_846_793_005 + 1 & (1 << 64) - 1
        letters.append(chr(33 + (state >> 33) % 90))
    large = "".join(letters).replace("\\", "/").replace('"', "'")
    daemon.sender().send(f't v="a" {BASE}', f't v="{large}" {BASE}', f't v="b" {BASE}')
    rows = "SELECT v FROM t ORDER BY v"
    wait_until_equal("the others", lambda: database.rows(rows), [("a",), ("b",)])
