"""Fixtures: a server for the session; a database and a daemon for each test."""

import shutil
import signal
import tempfile
from pathlib import Path
from typing import Iterator

import pytest

from support.daemon import BINARY, Daemon
from support.send import NUMBERED_COLUMNS
from support.server import Database, Server


def pytest_configure() -> None:
    # A terminated run cleans up too.
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))


@pytest.fixture(scope="session")
def binary() -> Path:
    assert BINARY.exists(), f"{BINARY} is missing; build it or set SLUICE_BINARY"
    return BINARY


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.remove()


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    database = server.new_database()
    yield database
    database.drop()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, because sockets live in it."""
    path = Path(tempfile.mkdtemp(prefix="sluice-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def daemon(binary: Path, folder: Path, database: Database) -> Iterator[Daemon]:
    """Configured and not started: the test may change its configuration first."""
    daemon = Daemon(folder, database.conninfo)
    yield daemon
    daemon.close()
    print(daemon.log())
    assert daemon.bugs() == []


@pytest.fixture
def numbered(database: Database) -> Database:
    """The database with a table for numbered rows, without a key."""
    database.create_table("numbered", NUMBERED_COLUMNS)
    return database
