"""A private PostgreSQL for the session and a fresh database for each test."""

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Iterator

import psycopg

from .wait import wait_for

PROJECT = Path(__file__).resolve().parents[3]
SCRIPT = PROJECT / "scripts" / "postgres"

# The server's machine never loses power here; the tests stop it and kill it, no more.
SETTINGS = ["fsync = off", "max_wal_size = 2GB", "checkpoint_timeout = 1h"]
if os.environ.get("SLUICE_TIMESCALE") == "no":
    SETTINGS.append("shared_preload_libraries = ''")


def script(*arguments: str) -> str:
    # A session of its own: ctrl-C must not leave it half done.
    done = subprocess.run(
        [SCRIPT, *arguments], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert done.returncode == 0, f"scripts/postgres {' '.join(arguments)} failed"
    return done.stdout.strip()


def children(parent: int) -> list[int]:
    file = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(child) for child in file.read_text().split()]


class Server:
    def __init__(self, *settings: str, name: str = "end-to-end") -> None:
        """With these settings beside the tests' own."""
        self.folder = script("create", str(PROJECT / ".run" / name), *SETTINGS, *settings)
        self.running = True
        self._databases = 0
        with self.connect("postgres") as connection:
            found = connection.execute(
                "SELECT current_setting('shared_preload_libraries') LIKE '%timescaledb%'"
            ).fetchone()
            self.has_timescale: bool = bool(found and found[0])

    def conninfo(self, database: str, user: str) -> str:
        return f"host={self.folder} dbname={database} user={user}"

    def connect(self, database: str, user: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.conninfo(database, user), autocommit=True)

    def start(self) -> None:
        if not self.running:
            script("start", self.folder)
            self.running = True

    def stop(self, mode: str = "fast") -> None:
        if self.running:
            script("stop", self.folder, mode)
            self.running = False

    def wait_until_up(self) -> None:
        """After a crash, from which it recovers by itself."""

        def is_up() -> bool:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                return False
            return True

        wait_for("the server", is_up)

    def signal(self, number: signal.Signals) -> None:
        """To all of its processes."""
        first = int(Path(self.folder, "data", "postmaster.pid").read_text().split()[0])
        for process in [first, *children(first)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It hangs: its sockets stay open, and nobody answers."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def remove(self) -> None:
        script("remove", self.folder)

    def new_database(self) -> "Database":
        self.start()
        self._databases += 1
        name = f"test_{self._databases}"
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}")
        script("schema", self.conninfo(name, "postgres"))
        return Database(self, name)


class Database:
    """One test's database: the schema of schema/ is there, and nothing else."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    @property
    def conninfo(self) -> str:
        """What the daemon connects with: the role that schema/ makes for it."""
        return self.server.conninfo(self.name, "sluice")

    def rows(self, query: str) -> list[tuple]:
        with self.server.connect(self.name) as connection:
            return connection.execute(query).fetchall()

    def value(self, query: str):
        return self.rows(query)[0][0]

    def count(self, table: str) -> int:
        return self.value(f"SELECT count(*) FROM {table}")

    def execute(self, *statements: str) -> None:
        with self.server.connect(self.name) as connection:
            for statement in statements:
                connection.execute(statement)

    def create_table(self, name: str, columns: str) -> None:
        """A table that the daemon may write to."""
        self.execute(f"CREATE TABLE {name} ({columns})", f"GRANT INSERT ON {name} TO sluice")

    def end_connections(self) -> int:
        """Kills the daemon's connections and says how many there were."""
        return self.value(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            f"WHERE usename = 'sluice' AND datname = '{self.name}'"
        )

    def log_statements(self) -> None:
        """From its next connection on, the server's log has each statement of the daemon."""
        self.execute(f"ALTER ROLE sluice IN DATABASE {self.name} SET log_statement = 'all'")

    def statements(self) -> list[str]:
        """What the daemon asked for since `log_statements`."""
        pattern = rf"sluice@{self.name} LOG:  (?:statement|execute [^:]*): (.*)"
        return re.findall(pattern, Path(self.server.folder, "log").read_text(errors="replace"))

    def errors(self, message: str) -> int:
        """How often the server has refused the daemon something with such a message."""
        pattern = rf"sluice@{self.name} (?:ERROR|FATAL):  {message}"
        return len(re.findall(pattern, Path(self.server.folder, "log").read_text(errors="replace")))

    def drop(self) -> None:
        self.server.start()
        with self.server.connect("postgres") as connection:
            connection.execute(f"DROP DATABASE {self.name} WITH (FORCE)")
