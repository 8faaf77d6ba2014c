"""What the kernel tells of a process: time and memory."""

import os
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """Used so far, by all threads: proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid: int, *, without: str) -> int:
    """In memory now, but for mappings of files whose path has `without` in it."""
    total, counts = 0, True
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if name == "Rss:":
            total += int(rest.split()[0]) * 1024 if counts else 0
        elif not name.endswith(":"):
            counts = without not in line
    return total


def threads(pid: int) -> dict[int, str]:
    """Names by number."""
    return {
        int(folder.name): (folder / "comm").read_text().strip()
        for folder in Path(f"/proc/{pid}/task").iterdir()
    }


@dataclass
class Run:
    seconds: float
    processor_seconds: float
    # The largest sample.
    resident_bytes: int


# Rarely: a look walks over all pages of a process, on a processor that others could use.
FIRST_LOOK_SECONDS = 0.1
LOOK_SECONDS = 0.5


def run(command: list, *, without: str) -> Run:
    """Runs a command to its end, and looks at its memory meanwhile."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    resident, pause = 0, FIRST_LOOK_SECONDS
    end = os.pidfd_open(process.pid)
    try:
        while not select.select([end], [], [], pause)[0]:
            resident = max(resident, resident_bytes(process.pid, without=without))
            pause = LOOK_SECONDS
    finally:
        os.close(end)
    seconds = time.monotonic() - start
    _, status, usage = os.wait4(process.pid, 0)
    complaints = process.stderr.read().decode()
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command} failed: {complaints}"
    assert resident > 0, f"{command} was over before anybody looked at its memory"
    return Run(seconds, usage.ru_utime + usage.ru_stime, resident)
