"""The database is away, comes back, or is not as it should be: nothing accepted is lost or doubled.

The table has no key, so a row that was written twice would be seen twice."""

import pytest

from support.send import NUMBERED_COLUMNS, Load, numbered_line, numbers
from support.wait import wait_for, wait_until_equal


def enough_rows(database, count: int) -> None:
    wait_for(f"{count} rows under load", lambda: database.count("numbered") >= count)


def all_rows_arrive_once(database, sent: int) -> None:
    wait_for(f"{sent} rows", lambda: database.count("numbered") >= sent)
    assert numbers(database) == list(range(sent))


def test_without_a_database_at_the_start_it_is_ready_keeps_and_catches_up(daemon, numbered):
    numbered.server.stop()
    daemon.start()
    sender = daemon.sender()
    for number in range(200):
        sender.send(numbered_line("numbered", number))
    daemon.wait_for_log("database|connect")
    assert daemon.is_running()
    numbered.server.start()
    all_rows_arrive_once(numbered, 200)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_database_that_stops_and_starts_under_load_gets_every_row_once(daemon, numbered, mode):
    daemon.start()
    load = Load(daemon.port).start()
    for _ in range(2):
        enough_rows(numbered, load.sent + 500)
        numbered.server.stop(mode)
        during = load.sent
        wait_for("more load while it is away", lambda: load.sent > during + 500)
        numbered.server.start()
    enough_rows(numbered, load.sent)
    all_rows_arrive_once(numbered, load.stop())


def test_a_connection_that_is_killed_under_load_costs_nothing(daemon, numbered):
    daemon.start()
    load = Load(daemon.port).start()
    for _ in range(5):
        enough_rows(numbered, load.sent)
        wait_for("a connection to kill", numbered.end_connections)
    enough_rows(numbered, load.sent)
    all_rows_arrive_once(numbered, load.stop())


def test_a_locked_table_delays_and_loses_nothing(daemon, numbered):
    daemon.start()
    load = Load(daemon.port).start()
    enough_rows(numbered, 100)
    with numbered.server.connect(numbered.name) as connection:
        with connection.transaction():
            connection.execute("LOCK TABLE numbered IN ACCESS EXCLUSIVE MODE")
            during = load.sent
            wait_for("load on the locked table", lambda: load.sent > during + 1000)
    all_rows_arrive_once(numbered, load.stop())


def test_a_missing_table_is_named_and_its_readings_wait_for_it(daemon, database):
    daemon.config["table"] = [{"name": "numbered", "measurement": ["numbered"]}]
    daemon.start()
    sender = daemon.sender()
    for number in range(100):
        sender.send(numbered_line("numbered", number))
    daemon.wait_for_log("numbered")
    database.create_table("numbered", NUMBERED_COLUMNS)
    all_rows_arrive_once(database, 100)


def test_a_missing_right_is_named_and_the_readings_wait_for_it(daemon, database):
    database.execute(f"CREATE TABLE numbered ({NUMBERED_COLUMNS})")
    daemon.start()
    sender = daemon.sender()
    for number in range(100):
        sender.send(numbered_line("numbered", number))
    daemon.wait_for_log("grant insert.*numbered.* to sluice")
    assert daemon.is_running()
    database.execute("GRANT INSERT ON numbered TO sluice")
    all_rows_arrive_once(database, 100)
    daemon.wait_for_log("takes readings again")
    assert len(daemon.lines_of_log("error writing is held")) == 1
    assert len(daemon.lines_of_log("takes readings again")) == 1


def test_a_right_that_is_taken_away_under_load_costs_nothing(daemon, numbered):
    daemon.start()
    load = Load(daemon.port).start()
    enough_rows(numbered, 200)
    numbered.execute("REVOKE INSERT ON numbered FROM sluice")
    daemon.wait_for_log("permission|right|grant|privilege")
    during = load.sent
    wait_for("load without the right", lambda: load.sent > during + 200)
    numbered.execute("GRANT INSERT ON numbered TO sluice")
    all_rows_arrive_once(numbered, load.stop())


def test_a_missing_database_is_waited_for(daemon, numbered):
    daemon.config["database"]["conninfo"] = numbered.server.conninfo("not_there_yet", "sluice")
    daemon.start()
    daemon.wait_for_log("not_there_yet")
    assert daemon.is_running()
    daemon.wait_for_status()
