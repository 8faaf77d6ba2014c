"""Fixtures: the package installed once, a PostgreSQL in the machine, a fresh table for each test."""

import os
import shutil
from pathlib import Path
from typing import Callable, Iterator

import pytest

import machine_under_test as machine
from machine_under_test import Farm, run, systemctl
from support.send import Load

PACKAGE = Path(os.environ["SLUICE_PACKAGE"])


def pytest_sessionfinish() -> None:
    """What the daemon and the service manager have said, for who looks into a failure."""
    text = run("journalctl", "-o", "short-precise", "-u", "sluice.service", "-u", "sluice.socket")
    Path("/out/journal.log").write_text(text)
    for log in Path("/var/log/postgresql").glob("*.log"):
        shutil.copy(log, "/out")


@pytest.fixture(scope="session")
def package() -> Path:
    """The package, installed; PostgreSQL need not be there for that."""
    run("dpkg", "--install", str(PACKAGE))
    return PACKAGE


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Farm]:
    """A cluster as Debian makes it, with peer authentication, and the package's schema in it."""
    shutil.rmtree("/etc/postgresql/15/main", ignore_errors=True)
    shutil.rmtree("/var/lib/postgresql/15/main", ignore_errors=True)
    run("pg_createcluster", "15", "main")
    authentication = Path("/etc/postgresql/15/main/pg_hba.conf")
    authentication.write_text(
        "local all postgres trust\nlocal farm guarded scram-sha-256\nlocal farm sluice peer\n"
        "host all guarded 127.0.0.1/32 scram-sha-256\n"
    )
    systemctl("start", "postgresql@15-main")
    run("runuser", "-u", "postgres", "--", "createdb", "farm")
    yield Farm()


@pytest.fixture(scope="session")
def schema(package: Path, postgresql: Farm) -> Farm:
    for file in sorted(Path("/usr/share/sluice/schema").glob("[0-9]*.sql")):
        run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", machine.ADMINISTRATOR, "-f", str(file))
    return postgresql


@pytest.fixture
def start_load() -> Iterator[Callable[..., Load]]:
    """Begins to send numbered rows; none goes on after the test."""
    loads: list[Load] = []

    def start(port: int = machine.PORT, rate: int = 1000) -> Load:
        loads.append(Load(port, rate=rate))
        return loads[-1].start()

    yield start
    for load in loads:
        load.stop()


@pytest.fixture
def farm(schema: Farm) -> Iterator[Farm]:
    """The service at work with the local database, as it is configured by default."""
    machine.forget_readings()
    schema.create_numbered()
    machine.configure(machine.LOCAL)
    systemctl("start", "sluice.socket", "sluice.service")
    yield schema
    if machine.DROP_INS.exists():
        shutil.rmtree(machine.DROP_INS)
        systemctl("daemon-reload")
    systemctl("start", "postgresql@15-main")
