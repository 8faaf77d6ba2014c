"""The machine in which the tests run: its service manager, its journal, its PostgreSQL."""

import json
import shutil
import subprocess
from pathlib import Path

import psycopg

from support.send import NUMBERED_COLUMNS
from support.wait import wait_for

PORT = 8089
CONFIGURATION = Path("/etc/sluice/sluice.toml")
DROP_INS = Path("/etc/systemd/system/sluice.service.d")
ADMINISTRATOR = "host=/run/postgresql dbname=farm user=postgres"
# The default configuration of the package, with the database as the only thing to say.
LOCAL = '[database]\nconninfo = "host=/run/postgresql dbname=farm"\nretry_max = "500ms"\n'


def run(*command: str, check: bool = True, input: str | None = None) -> str:
    """A program's standard output and error; it must end well unless `check` is off."""
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, input=input
    )
    assert not check or result.returncode == 0, f"{command}: {result.returncode}\n{result.stdout}"
    return result.stdout


def systemctl(*arguments: str, check: bool = True) -> str:
    return run("systemctl", *arguments, check=check)


def exit_code(*command: str) -> int:
    return subprocess.run(command, capture_output=True).returncode


def show(name: str, unit: str = "sluice.service") -> str:
    """A property of a unit."""
    return run("systemctl", "show", "--value", "-p", name, unit).strip()


def main_pid() -> int:
    return int(show("MainPID"))


def is_active(unit: str = "sluice.service") -> bool:
    return show("ActiveState", unit) == "active"


def status() -> str:
    """The status line."""
    return show("StatusText")


def cursor() -> str:
    """Where the journal ends now."""
    run("journalctl", "--sync")
    line = run("journalctl", "-n", "0", "--show-cursor", "-q").strip().splitlines()[-1]
    return line.split(": ", 1)[1]


def entries(since: str, *matches: str) -> list[dict]:
    """Entries of the daemon from a cursor on, oldest first."""
    run("journalctl", "--sync")
    # With --after-cursor, journalctl leaves out the first entry when the cursor's own does not match.
    text = run("journalctl", "-o", "json", "--all", f"--cursor={since}", "-u", "sluice", *matches)
    found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [entry for entry in found if entry["__CURSOR"] != since]


def wait_for_event(since: str, event: str, **fields: str) -> dict:
    """The first entry of a kind, with these fields."""

    def find() -> dict | None:
        for entry in entries(since, f"SLUICE_EVENT={event}"):
            if all(entry.get(f"SLUICE_{key.upper()}") == value for key, value in fields.items()):
                return entry
        return None

    return wait_for(f"{event} in the journal", find)


def configure(text: str) -> None:
    CONFIGURATION.write_text(text)


def drop_in(name: str, text: str | None) -> None:
    """Writes a drop-in for the service, or removes it."""
    path = DROP_INS / name
    DROP_INS.mkdir(exist_ok=True)
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(text)
    systemctl("daemon-reload")


def forget_readings() -> None:
    """Stops the service with its socket, and removes what it has kept."""
    systemctl("stop", "sluice.socket", "sluice.service")
    for path in Path("/var/lib/sluice").iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


# Its presence lets a start that was held go on.
GO = Path("/run/go")


def hold_the_start() -> None:
    """The next start of the service waits until `GO` is there, before the daemon runs."""
    GO.unlink(missing_ok=True)
    wait = f"until [ -e {GO} ]; do sleep 0.05; done"
    drop_in("late.conf", f"[Service]\nExecStartPre=+/bin/sh -c '{wait}'\n")


class Farm:
    """The database, as its owner sees it."""

    def rows(self, query: str) -> list[tuple]:
        with psycopg.connect(ADMINISTRATOR, autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def execute(self, statement: str) -> None:
        with psycopg.connect(ADMINISTRATOR, autocommit=True) as connection:
            connection.execute(statement)

    def create_numbered(self) -> None:
        """An empty table for numbered rows, without a key."""
        self.execute(
            f"DROP TABLE IF EXISTS numbered; CREATE TABLE numbered ({NUMBERED_COLUMNS});"
            " GRANT INSERT ON numbered TO sluice"
        )

    def count(self) -> int:
        return self.rows("SELECT count(*) FROM numbered")[0][0]
