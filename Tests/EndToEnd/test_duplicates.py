"""What becomes of a reading whose key is in the table already: a policy for each table."""

import pytest

from support.wait import wait_for

WIDE = "environmental_environmentalreading"
TIME = 1_780_000_000_000_000_000


def line(sensor: int, value: float, offset: int = 0, table: str = WIDE) -> str:
    return f"{table},sensor_id={sensor} temperature={value} {TIME + offset * 1_000_000}"


def values(database, table: str = WIDE) -> dict[int, float]:
    return dict(database.rows(f"SELECT sensor_id, temperature FROM {table}"))


def with_policy(daemon, database, policy: str, table: str = WIDE) -> None:
    daemon.config["table"] = [{"name": table, "duplicates": policy}]
    if policy == "replace":
        database.execute(f"GRANT SELECT, UPDATE ON {table} TO sluice")


@pytest.mark.parametrize(
    "policy, expected, counted",
    [("error", 1.0, "rejected_unique_violation"), ("ignore", 1.0, "duplicates"),
     ("replace", 3.0, "duplicates")],
)
def test_the_policy_decides_and_every_duplicate_is_counted(
    daemon, database, policy, expected, counted
):
    with_policy(daemon, database, policy)
    daemon.start()
    sender = daemon.sender()
    # Once in a batch of its own, then twice within one, among good ones.
    sender.send(line(1, 1.0))
    daemon.wait_until_written(database)
    sender.send("\n".join([line(2, 2.0), line(1, 2.5), line(1, 3.0), line(3, 3.0)]))
    daemon.wait_until_written(database)
    assert daemon.stop() == 0
    assert values(database) == {1: expected, 2: 2.0, 3: 3.0}
    totals = daemon.totals()
    assert totals[counted] == 2
    assert totals["lines"] == totals["rows"] + totals["duplicates"] + totals["rejected"]
    # The markers are rows too.
    assert totals["rows"] == 3 + daemon.markers_sent


def test_first_and_last_within_one_datagram(daemon, database):
    with_policy(daemon, database, "replace")
    daemon.start()
    daemon.sender().send("\n".join(line(7, float(n)) for n in range(10)))
    daemon.wait_until_written(database)
    assert values(database) == {7: 9.0}
    assert daemon.stop() == 0
    assert daemon.totals()["duplicates"] == 9


def test_without_the_right_to_stage_duplicates_are_rejected_and_it_is_told(daemon, database):
    with_policy(daemon, database, "ignore")
    database.execute(
        f"REVOKE TEMPORARY ON DATABASE {database.name} FROM PUBLIC",
        f"REVOKE TEMPORARY ON DATABASE {database.name} FROM sluice",
    )
    daemon.start()
    sender = daemon.sender()
    for value in (1.0, 2.0):
        sender.send(line(1, value))
        daemon.wait_until_written(database)
    assert values(database) == {1: 1.0}
    daemon.wait_for_log("GRANT TEMPORARY ON DATABASE")
    assert daemon.stop() == 0
    assert daemon.totals()["rejected_unique_violation"] == 1


def test_a_policy_without_a_key_is_told_by_check_and_harms_nobody(daemon, database, binary):
    database.create_table("keyless", '"timestamp" timestamptz, sensor_id bigint, temperature float8')
    with_policy(daemon, database, "ignore", "keyless")
    daemon.start()
    sender = daemon.sender()
    for value in (1.0, 2.0):
        sender.send(line(1, value, table="keyless"))
    daemon.wait_until_written(database)
    assert database.count("keyless") == 2
    daemon.wait_for_log("keyless.*no unique key")


def test_many_duplicates_take_their_way_and_good_ones_go_on(daemon, database):
    with_policy(daemon, database, "ignore")
    daemon.start()
    sender = daemon.sender()
    for _ in range(2):
        for start in range(0, 5_000, 50):
            sender.send("\n".join(line(n, n / 2) for n in range(start, start + 50)))
    daemon.wait_until_written(database)
    wait_for("the last row", lambda: database.count(WIDE) == 5_000)
    assert daemon.stop() == 0
    assert daemon.totals()["duplicates"] == 5_000


def test_a_line_with_other_columns_keeps_the_order_of_arrival(daemon, database):
    columns = '"timestamp" timestamptz, sensor_id bigint, temperature float8, note text DEFAULT \'none\''
    database.create_table("noted", f'{columns}, PRIMARY KEY (sensor_id, "timestamp")')
    with_policy(daemon, database, "replace", "noted")
    daemon.start()
    plain = line(1, 1.0, table="noted")
    noted = f'noted,sensor_id=1 temperature=2,note="yes" {TIME}'
    last = line(1, 3.0, table="noted")
    daemon.sender().send("\n".join([plain, noted, last]))
    daemon.wait_until_written(database)
    assert database.rows("SELECT temperature, note FROM noted") == [(3.0, "yes")]


def test_duplicates_beside_rows_that_a_trigger_leaves_out_are_counted_apart(daemon, database):
    database.create_table(
        "picky", '"timestamp" timestamptz, k bigint, v float8, PRIMARY KEY (k, "timestamp")'
    )
    database.execute(
        """CREATE FUNCTION pick() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN IF NEW.v < 0 THEN RETURN NULL; END IF; RETURN NEW; END$$""",
        "CREATE TRIGGER pick BEFORE INSERT ON picky FOR EACH ROW EXECUTE FUNCTION pick()",
    )
    with_policy(daemon, database, "replace", "picky")
    daemon.start()
    sender = daemon.sender()
    sender.send(f"picky k=1i,v=1 {TIME}")
    daemon.wait_until_written(database)
    sender.send(f"picky,x=1 k=1i,v=2 {TIME}", f"picky k=2i,v=-1 {TIME}")
    daemon.wait_until_written(database)
    assert database.rows("SELECT k, v FROM picky") == [(1, 2.0)]
    assert daemon.stop() == 0
    totals = daemon.totals()
    assert totals["duplicates"] == 1 and totals["rejected_suppressed"] == 1
