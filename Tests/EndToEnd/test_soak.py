"""scripts/soak adds up, repeats its events, and leaves nothing running."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from support.daemon import BINARY
from support.server import PROJECT
from support.wait import PATIENCE_SECONDS, wait_for

SOAK = PROJECT / "scripts" / "soak"


@pytest.fixture
def soak(binary, folder):
    """Starts it with its output in a file; gives the process and the file."""
    processes = []

    def start(*arguments: str) -> tuple[subprocess.Popen, Path]:
        output = folder / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [SOAK, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=os.environ | {"SLUICE_BINARY": str(BINARY), "TMPDIR": str(folder)},
                start_new_session=True,
            )
        processes.append(process)
        return process, output

    yield start
    for process in processes:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)


def running(folder: Path) -> list[str]:
    """Command lines that name this folder: the daemon's has its configuration there."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found


def test_a_short_soak_adds_up(soak, folder):
    process, output = soak("10")
    code = process.wait(timeout=PATIENCE_SECONDS)
    print(output.read_text())
    assert code == 0
    assert output.read_text().rstrip().endswith("it adds up")
    assert re.search(r"kill -9|crashes|locked|away|hangs|ended|stopped", output.read_text())
    assert running(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_soak_that_is_interrupted_says_what_became_of_every_line(soak, folder, number):
    process, output = soak("600", "--seed", "1")
    wait_for("an event", lambda: re.search(r"^ +\d", output.read_text(), re.MULTILINE))
    os.killpg(process.pid, number)
    code = process.wait(timeout=PATIENCE_SECONDS)
    print(output.read_text())
    assert code == 0
    assert output.read_text().rstrip().endswith("it adds up")
    assert running(folder) == []


def test_soak_says_what_it_does_not_understand(soak):
    process, output = soak("--minutes", "4")
    assert process.wait(timeout=PATIENCE_SECONDS) == 64
    assert "--seed N" in output.read_text()
