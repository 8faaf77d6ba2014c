"""A database that has less than it confirmed, or a ring that has less than the database: it is
told, writing goes on, and nothing is written twice."""

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from support.send import NUMBERED_COLUMNS, numbered_line, numbers
from support.server import Server, script
from support.wait import wait_for, wait_until_equal


class Readings:
    """Sends numbered rows one batch after the other, and waits for each."""

    def __init__(self, daemon, database) -> None:
        self._daemon = daemon
        self._database = database
        self._sender = daemon.sender()
        self.sent = 0

    def send(self, count: int = 50) -> range:
        new = range(self.sent, self.sent + count)
        for number in new:
            self._sender.send(numbered_line("numbered", number))
        self.sent = new.stop
        return new

    def write(self, count: int = 50) -> range:
        new = self.send(count)
        wait_for("the new rows", lambda: set(new) <= set(numbers(self._database)))
        return new


def administer(server, *statements: str) -> None:
    with server.connect("postgres") as connection:
        for statement in statements:
            connection.execute(statement)


def replace(database, other: str) -> None:
    """Puts another database into the place of this one, whoever uses it."""
    administer(
        database.server,
        f"DROP DATABASE {database.name} WITH (FORCE)",
        f"ALTER DATABASE {other} RENAME TO {database.name}",
    )


def back_up(database) -> str:
    backup = f"{database.name}_backup"

    def is_copied() -> bool:
        try:
            administer(database.server, f"CREATE DATABASE {backup} TEMPLATE {database.name}")
        except psycopg.errors.ObjectInUse:
            # TimescaleDB's workers come and go.
            return False
        return True

    wait_for("a moment without a session", is_copied)
    return backup


def copy(files: Path | str, target: Path | str) -> None:
    """With owners and rights, on which the server insists."""
    subprocess.run(["cp", "--archive", files, target], check=True)


def wait_for_loss(daemon) -> None:
    line = daemon.wait_for_log("progress_behind")
    assert " error " in line and "bytes=" in line
    assert int(line.split("bytes=")[1].split()[0]) > 0


@pytest.mark.parametrize("is_running", [False, True])
def test_a_database_that_is_restored_from_an_older_backup_is_told_of_and_written_to(
    daemon, numbered, is_running
):
    readings = Readings(daemon, numbered)
    daemon.start()
    kept = readings.write()
    assert daemon.stop() == 0
    backup = back_up(numbered)
    daemon.start()
    readings.write()
    if not is_running:
        assert daemon.stop() == 0
    replace(numbered, backup)
    if not is_running:
        daemon.start()
    wait_for_loss(daemon)
    new = readings.write()
    assert numbers(numbered) == [*kept, *new]
    assert daemon.stop() == 0
    # It is told once: the next start finds everything in order.
    daemon.start()
    newest = readings.write()
    assert numbers(numbered) == [*kept, *new, *newest]
    assert len(daemon.lines_of_log("progress_behind")) == 1


def test_what_waits_in_the_ring_goes_into_a_restored_database(daemon, numbered):
    readings = Readings(daemon, numbered)
    daemon.start()
    kept = readings.write()
    assert daemon.stop() == 0
    backup = back_up(numbered)
    daemon.start()
    readings.write()
    numbered.server.stop()
    waiting = readings.send()
    daemon.wait_until_received()
    daemon.kill()
    numbered.server.start()
    replace(numbered, backup)
    daemon.start()
    wait_for_loss(daemon)
    new = readings.write()
    assert numbers(numbered) == [*kept, *waiting, *new]


@pytest.mark.parametrize("is_running", [False, True])
def test_an_empty_database_with_the_schema_is_told_of_and_written_to(
    daemon, numbered, is_running
):
    readings = Readings(daemon, numbered)
    daemon.start()
    readings.write()
    if not is_running:
        daemon.kill()
    empty = numbered.server.new_database()
    empty.create_table("numbered", NUMBERED_COLUMNS)
    replace(numbered, empty.name)
    if not is_running:
        daemon.start()
    wait_for_loss(daemon)
    new = readings.write()
    assert numbers(numbered) == list(new)


@pytest.mark.parametrize("is_running", [False, True])
def test_an_empty_database_without_the_schema_is_told_of_with_advice_and_waited_for(
    daemon, numbered, is_running
):
    readings = Readings(daemon, numbered)
    daemon.start()
    readings.write()
    if not is_running:
        daemon.kill()
    empty = f"{numbered.name}_empty"
    administer(numbered.server, f"CREATE DATABASE {empty}")
    replace(numbered, empty)
    if not is_running:
        daemon.start()
    new = readings.send()
    line = daemon.wait_for_log("batch_held")
    assert "sluice_progress" in line and "apply the files in schema/" in line
    daemon.wait_for_status()
    assert "writing is held" in daemon.status()
    numbered.create_table("numbered", NUMBERED_COLUMNS)
    script("schema", numbered.server.conninfo(numbered.name, "postgres"))
    wait_until_equal("the rows that waited", lambda: numbers(numbered), list(new))
    assert len(daemon.lines_of_log("batch_held.*42P01")) == 1
    assert daemon.lines_of_log("progress_behind") != []


def test_a_server_that_is_restored_from_a_copy_of_its_files_is_told_of(binary, daemon, folder):
    server = Server()
    try:
        database = server.new_database()
        database.create_table("numbered", NUMBERED_COLUMNS)
        daemon.config["database"]["conninfo"] = database.conninfo
        readings = Readings(daemon, database)
        daemon.start()
        kept = readings.write()
        server.stop()
        copy(f"{server.folder}/data", folder / "copy")
        server.start()
        readings.write()
        server.stop("immediate")
        shutil.rmtree(f"{server.folder}/data")
        copy(folder / "copy", f"{server.folder}/data")
        server.start()
        wait_for_loss(daemon)
        new = readings.write()
        assert numbers(database) == [*kept, *new]
    finally:
        server.remove()


def test_a_ring_that_is_overwritten_with_an_older_copy_is_told_of_and_nothing_is_written_twice(
    daemon, numbered, folder
):
    ring = folder / "ring" / "ring-0"
    readings = Readings(daemon, numbered)
    daemon.start()
    readings.write()
    numbered.server.stop()
    readings.send()
    daemon.wait_until_received()
    daemon.kill()
    shutil.copyfile(ring, folder / "copy")
    numbered.server.start()
    daemon.start()
    readings.write()
    assert daemon.stop() == 0
    shutil.copyfile(folder / "copy", ring)
    daemon.start()
    assert " error " in daemon.wait_for_log("progress_ahead")
    readings.write()
    assert numbers(numbered) == list(range(readings.sent))


def test_a_ring_that_is_replaced_by_an_older_copy_is_told_of(daemon, numbered, folder):
    readings = Readings(daemon, numbered)
    daemon.start()
    readings.write()
    numbered.server.stop()
    readings.send()
    daemon.wait_until_received()
    daemon.kill()
    # All but the socket that the daemon is asked through.
    shutil.copytree(folder / "ring", folder / "copy", ignore=shutil.ignore_patterns("control"))
    numbered.server.start()
    daemon.start()
    readings.write()
    assert daemon.stop() == 0
    shutil.rmtree(folder / "ring")
    (folder / "copy").rename(folder / "ring")
    daemon.start()
    assert " error " in daemon.wait_for_log("progress_ahead")
    readings.write()
    assert numbers(numbered) == list(range(readings.sent))
