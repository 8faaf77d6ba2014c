"""scripts/run shows rows arriving, ends when it is told to, and leaves nothing running."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.daemon import BINARY
from support.server import PROJECT
from support.wait import PATIENCE_SECONDS, wait_for


def left_behind() -> list[str]:
    """Command lines of processes that belong to a run in this checkout."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"{PROJECT}/.run/demo" in command or f"{PROJECT}/.run/postgres" in command:
            found.append(command)
    return found


@pytest.fixture
def demo(binary, folder):
    """Starts scripts/run with its output in a file; gives the process and the file."""
    processes = []

    def start(*arguments: str) -> tuple[subprocess.Popen, Path]:
        output = folder / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [PROJECT / "scripts" / "run", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=os.environ | {"SLUICE_BINARY": str(BINARY)},
                start_new_session=True,
            )
        processes.append(process)
        return process, output

    yield start
    for process in processes:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)


def test_run_shows_rows_and_ends_by_itself(demo):
    process, output = demo("--seconds", "4")
    assert process.wait(timeout=PATIENCE_SECONDS) == 0, output.read_text()
    text = output.read_text()
    assert "newest: sensor" in text
    assert "rows were written" in text
    assert left_behind() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_everything_when_it_is_interrupted(demo, number):
    process, output = demo()
    wait_for("rows in its output", lambda: "newest: sensor" in output.read_text())
    # As a terminal does: to the whole foreground group.
    os.killpg(process.pid, number)
    assert process.wait(timeout=PATIENCE_SECONDS) == 128 + number
    assert "rows were written" in output.read_text()
    assert left_behind() == []


def test_run_says_what_it_does_not_understand(demo):
    process, output = demo("--minutes", "4")
    assert process.wait(timeout=PATIENCE_SECONDS) == 64
    assert "--seconds N" in output.read_text()
