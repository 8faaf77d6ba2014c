"""What systemd and the operator see: readiness, status, watchdog, reload, exit codes."""

import json
import re
import signal

from support.daemon import run_sluice
from support.send import free_port, numbered_line, numbers
from support.wait import wait_for, wait_until_equal

BASE = 1_790_000_000_000_000_000
READINGS = "environmental_environmentalreading"


def test_ready_is_said_once_and_the_socket_is_open_by_then(daemon, numbered):
    daemon.start()
    daemon.sender().send(numbered_line("numbered", 0))
    wait_until_equal("the row", lambda: numbers(numbered), [0])
    assert daemon.notifications.count("READY") == 1


def test_status_is_said_again_and_again(daemon, numbered):
    daemon.start()
    wait_for("three statuses", lambda: len(daemon.notifications.statuses()) >= 3)
    assert all(status.strip() for status in daemon.notifications.statuses())


def test_the_status_says_that_the_database_is_away(daemon, numbered):
    numbered.server.stop()
    daemon.start()
    wait_for("a status about it", lambda: "database" in daemon.status().lower())


def test_the_watchdog_is_fed_in_peace_and_in_an_outage(daemon, numbered):
    daemon.start()
    wait_for("the watchdog", lambda: daemon.notifications.count("WATCHDOG") >= 2)
    numbered.server.stop()
    daemon.wait_for_log("database|connect")
    before = daemon.notifications.count("WATCHDOG")
    wait_for("the watchdog", lambda: daemon.notifications.count("WATCHDOG") >= before + 2)


def test_a_stopped_process_does_not_feed_the_watchdog_and_goes_on_afterwards(daemon, numbered):
    daemon.start()
    wait_for("the watchdog", lambda: daemon.notifications.has("WATCHDOG"))
    daemon.signal(signal.SIGSTOP)
    sender = daemon.sender()
    for number in range(100):
        sender.send(numbered_line("numbered", number))
    daemon.signal(signal.SIGCONT)
    wait_until_equal("the rows", lambda: numbers(numbered), list(range(100)))


def test_stopping_is_said_before_the_end(daemon):
    daemon.start()
    assert daemon.stop() == 0
    said = [next(iter(message)) for message in daemon.notifications.messages()]
    assert daemon.notifications.has("STOPPING")
    assert "READY" not in said[said.index("STOPPING") :]


def test_a_reload_applies_a_changed_mapping(daemon, database):
    daemon.start()
    sender = daemon.sender()
    daemon.config["table"] = [{"name": READINGS, "measurement": ["water"]}]
    daemon.reload()
    sender.send(f"water,sensor_id=5 temperature=1 {BASE}")
    wait_until_equal(
        "the row", lambda: database.rows(f"SELECT sensor_id FROM {READINGS}"), [(5,)]
    )
    reloading = [m for m in daemon.notifications.messages() if m.get("RELOADING") == "1"]
    assert len(reloading) == 1 and int(reloading[0]["MONOTONIC_USEC"]) > 0


def test_a_reload_moves_on_to_another_database(daemon, database):
    daemon.start()
    sender = daemon.sender()
    rows = f"SELECT sensor_id FROM {READINGS}"
    sender.send(f"{READINGS},sensor_id=1 temperature=1 {BASE}")
    wait_until_equal("the row in the first", lambda: database.rows(rows), [(1,)])
    other = database.server.new_database()
    try:
        daemon.config["database"]["conninfo"] = other.conninfo
        daemon.reload()
        sender.send(f"{READINGS},sensor_id=2 temperature=2 {BASE}")
        wait_until_equal("the row in the second", lambda: other.rows(rows), [(2,)])
        assert database.rows(rows) == [(1,)]
    finally:
        other.drop()


def test_a_broken_file_is_refused_on_reload_and_the_old_one_stays(daemon, database):
    daemon.config["table"] = [{"name": READINGS, "measurement": ["water"]}]
    daemon.start()
    daemon.config["table"] = [{"name": READINGS, "mesurement": ["air"]}]
    daemon.reload()
    daemon.wait_for_log("mesurement")
    daemon.sender().send(f"water,sensor_id=5 temperature=1 {BASE}")
    wait_until_equal(
        "the row", lambda: database.rows(f"SELECT sensor_id FROM {READINGS}"), [(5,)]
    )


def test_the_command_reload_returns_when_it_is_done_and_fails_when_it_failed(daemon, database):
    daemon.start()
    daemon.config["table"] = [{"name": READINGS, "measurement": ["water"]}]
    daemon.write_config()
    result = run_sluice("reload", "--config", str(daemon.config_file))
    assert (result.returncode, result.stderr) == (0, b"")
    daemon.sender().send(f"water,sensor_id=5 temperature=1 {BASE}")
    wait_until_equal(
        "the row", lambda: database.rows(f"SELECT sensor_id FROM {READINGS}"), [(5,)]
    )
    daemon.config["ring"]["size"] = "32MiB"
    daemon.write_config()
    result = run_sluice("reload", "--config", str(daemon.config_file))
    assert result.returncode == 0 and b"needs a restart: ring.size" in result.stderr
    daemon.config["table"] = [{"name": READINGS, "mesurement": ["air"]}]
    daemon.write_config()
    result = run_sluice("reload", "--config", str(daemon.config_file))
    assert result.returncode == 78 and b"mesurement" in result.stderr


def test_the_command_status_prints_the_line_and_the_figures(daemon, numbered):
    daemon.start()
    daemon.sender().send(numbered_line("numbered", 0))
    wait_until_equal("the row", lambda: numbers(numbered), [0])

    def figures() -> dict:
        result = run_sluice("status", "--json", "--config", str(daemon.config_file))
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    wait_for("the figures", lambda: figures()["rows"] == 1)
    assert figures()["ring_fill"] == 0 and figures()["status"].startswith("receiving ")
    result = run_sluice("status", "--config", str(daemon.config_file))
    assert re.search(r"^receiving .*\n(  \w+ +\S+\n)+$", result.stdout.decode())
    daemon.stop()
    result = run_sluice("status", "--config", str(daemon.config_file))
    assert result.returncode == 69 and result.stderr.count(b"\n") == 1


def test_what_cannot_be_reloaded_is_said(daemon, numbered):
    daemon.start()
    old_port = daemon.port
    daemon.config["ring"]["size"] = "32MiB"
    daemon.config["udp"][0]["listen"] = f"127.0.0.1:{free_port()}"
    daemon.reload()
    daemon.wait_for_log(r"ring\.size.*16MiB.*32MiB")
    daemon.wait_for_log("main.*listen")
    daemon.sender(port=old_port).send(numbered_line("numbered", 0))
    wait_until_equal("the row on the old port", lambda: numbers(numbered), [0])


def test_a_second_daemon_on_the_same_ring_is_refused(daemon, binary):
    daemon.start()
    other = daemon.folder / "other.toml"
    text = daemon.config_file.read_text().replace(str(daemon.port), str(free_port()))
    other.write_text(text)
    result = run_sluice("run", "--config", str(other))
    assert result.returncode != 0
    assert str(daemon.folder / "ring") in result.stderr.decode()
    assert daemon.is_running()
