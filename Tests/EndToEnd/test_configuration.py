"""The configuration file: what is wrong is said with its place, and `check` shows the rest."""

import pytest

from support.daemon import run_sluice

EX_UNAVAILABLE = 69
EX_CONFIG = 78
READINGS = "environmental_environmentalreading"


def check(daemon, text: str):
    daemon.config_file.write_text(text)
    return run_sluice("check", "--config", str(daemon.config_file))


@pytest.mark.parametrize("command", ["run", "check"])
def test_an_unknown_key_is_named_with_its_line_and_the_nearest_right_one(daemon, command):
    daemon.config_file.write_text('[database]\nconninfo = ""\n\n[batch]\nintervall = "5ms"\n')
    result = run_sluice(command, "--config", str(daemon.config_file))
    message = result.stderr.decode()
    assert result.returncode == EX_CONFIG, message
    assert "intervall" in message
    assert "5" in message.replace('"5ms"', "")
    assert "interval" in message.replace("intervall", "")


@pytest.mark.parametrize(
    "text, word",
    [
        ('[database]\nconninfo = "password=secret"\n', "password"),
        ('[ring]\nsize = "much"\n', "size"),
        ('[ring]\noverflow = "drop"\n', "overflow"),
        ('[batch]\ninterval = "5 fortnights"\n', "interval"),
        ('[[udp]]\nlisten = "sensors.example:8089"\n', "listen"),
        ('[[udp]]\nlisten = "127.0.0.1:99999"\n', "listen"),
        ('[[udp]]\nprecision = "fs"\n', "precision"),
        ('[[udp]]\nallow = ["10.0.0.0/99"]\n', "allow"),
        ("[batch]\nrows = -1\n", "rows"),
        ('[ring\nsize = "1MiB"\n', "1"),
        ('[rings]\nsize = "1MiB"\n', "ring"),
        ('[log]\nlevel = "loud"\n', "level"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_it(daemon, text, word):
    result = check(daemon, text)
    message = result.stderr.decode()
    assert result.returncode == EX_CONFIG, message
    assert word in message
    assert "secret" not in message
    assert len(message.strip().splitlines()) == 1


def test_a_missing_file_is_an_error_that_names_it(daemon):
    result = run_sluice("run", "--config", "/nonexistent/sluice.toml")
    assert result.returncode != 0
    assert "/nonexistent/sluice.toml" in result.stderr.decode()


def test_the_plan_names_tables_columns_and_types(daemon, database):
    daemon.write_config()
    result = run_sluice("check", "--config", str(daemon.config_file))
    plan = result.stdout.decode()
    assert result.returncode == 0, result.stderr.decode()
    words = [READINGS, "temperature", "double precision", "sensor_id", "bigint", "timestamp"]
    for word in words + ["the catalog (3 tables, "]:
        assert word in plan, plan


def test_tables_that_would_hold_the_lane_are_listed(daemon, database):
    database.execute("CREATE TABLE visits (at timestamptz NOT NULL, page text)")
    daemon.write_config()
    result = run_sluice("check", "--config", str(daemon.config_file))
    assert result.returncode == 0, result.stderr.decode()
    plan = result.stdout.decode()
    assert "visits" in plan[plan.index("held ") :]


def test_without_a_database_the_rest_is_checked_and_the_plan_says_so(daemon, database):
    daemon.write_config()
    database.server.stop()
    result = run_sluice("check", "--config", str(daemon.config_file))
    assert result.returncode == EX_UNAVAILABLE
    assert b"database" in result.stderr.lower()
    plan = result.stdout.decode()
    assert f"127.0.0.1:{daemon.port}" in plan
    assert "on top of it the catalog, which could not be read" in plan


def test_a_column_of_a_type_that_cannot_be_written_is_named(daemon, database):
    database.create_table("odd", '"timestamp" timestamptz NOT NULL, place point NOT NULL')
    daemon.config["table"] = [{"name": "odd"}]
    daemon.write_config()
    result = run_sluice("check", "--config", str(daemon.config_file))
    message = (result.stdout + result.stderr).decode()
    assert result.returncode != 0
    assert "odd" in message and "place" in message and "point" in message


def test_a_table_without_a_clear_time_column_is_named(daemon, database):
    columns = "begin timestamptz NOT NULL, finish timestamptz NOT NULL, a real"
    database.create_table("twice", columns)
    daemon.config["table"] = [{"name": "twice"}]
    daemon.write_config()
    result = run_sluice("check", "--config", str(daemon.config_file))
    message = (result.stdout + result.stderr).decode()
    assert result.returncode != 0
    assert "twice" in message and "begin" in message and "finish" in message
