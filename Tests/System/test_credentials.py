"""The database's password comes as a credential, and is seen nowhere."""

import os
from pathlib import Path

import pytest

import machine_under_test as machine
from machine_under_test import drop_in, main_pid, run, systemctl
from support.send import Sender
from support.wait import wait_for, wait_until_equal

GUARDED = machine.LOCAL.replace("dbname=farm", "dbname=farm user=guarded")
STORE = Path("/etc/sluice/db-password")
ENCRYPTED = Path("/etc/credstore.encrypted/db-password")


@pytest.fixture
def guarded(farm):
    """A role that is let in with a password alone; the file is the test's to write."""
    farm.execute("DROP ROLE IF EXISTS guarded")
    farm.execute("CREATE ROLE guarded LOGIN PASSWORD 'open sesame' IN ROLE sluice")
    machine.configure(GUARDED)
    yield farm
    machine.forget_readings()
    STORE.unlink(missing_ok=True)
    ENCRYPTED.unlink(missing_ok=True)
    farm.execute("DROP ROLE guarded")


@pytest.fixture
def from_a_file(guarded):
    drop_in("password.conf", f"[Service]\nLoadCredential=db-password:{STORE}\n")
    return guarded


def check_written(farm) -> None:
    Sender(machine.PORT).send("numbered,source=1 number=1i")
    wait_until_equal("the row", farm.count, 1)


def test_a_file(from_a_file):
    STORE.write_text("open sesame\n")
    STORE.chmod(0o600)
    systemctl("restart", "sluice")
    check_written(from_a_file)
    pid = main_pid()
    environment = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
    assert b"sesame" not in environment
    assert "sesame" not in run("systemctl", "show", "sluice")
    assert "sesame" not in run("journalctl", "-u", "sluice", "-o", "verbose", "--all")
    assert "sesame" not in run("sluice", "check", check=False)


def test_an_encrypted_one(guarded):
    run(
        "systemd-creds", "encrypt", "--with-key=host", "--name=db-password", "-", str(ENCRYPTED),
        input="open sesame",
    )
    assert b"sesame" not in ENCRYPTED.read_bytes()
    example = Path("/usr/share/doc/sluice/examples/encrypted-password.conf").read_text()
    drop_in("encrypted-password.conf", example)
    systemctl("restart", "sluice")
    check_written(guarded)


def test_one_that_the_machine_was_started_with(guarded):
    guarded.execute("ALTER ROLE guarded PASSWORD 'from-the-machine'")
    systemctl("restart", "sluice")
    check_written(guarded)


def test_a_wrong_one_is_told_and_nothing_is_lost(from_a_file):
    STORE.write_text("wrong\n")
    STORE.chmod(0o600)
    place = machine.cursor()
    systemctl("restart", "sluice")
    Sender(machine.PORT).send("numbered,source=1 number=1i")
    wait_for(
        "an entry about it",
        lambda: any("password" in e["MESSAGE"] for e in machine.entries(place, "PRIORITY=3", "PRIORITY=4")),
    )
    STORE.write_text("open sesame\n")
    systemctl("restart", "sluice")
    wait_until_equal("the row", from_a_file.count, 1)


def test_the_service_manager_finds_one_in_its_store():
    """The unit names no file: this is where the manager looks for it."""
    path = Path("/etc/credstore/another")
    path.write_text("found")
    shown = run(
        "systemd-run", "--quiet", "--pipe", "--wait", "--property=LoadCredential=another",
        "sh", "-c", 'cat "$CREDENTIALS_DIRECTORY/another"',
    )
    path.unlink()
    assert shown == "found"


def test_a_local_database_needs_none(farm):
    assert not STORE.exists() and os.path.exists("/run/postgresql")
    check_written(farm)
