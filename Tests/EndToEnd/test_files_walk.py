"""A random walk: a logger appends, its files are rotated in every way, cut and deleted, the daemon and
the server are killed. In the end the table is compared with what was written.

SLUICE_SEED=… repeats a walk, SLUICE_STEPS=… says how long it is."""

import os
import random
import shutil
import time

import pytest

from support.files import Logger
from support.send import numbers
from support.wait import wait_for

STEPS = int(os.environ.get("SLUICE_STEPS") or 40)


class Walk:
    """The files of one logger, and what may happen to them."""

    def __init__(self, chance, daemon, database, logs) -> None:
        self.chance = chance
        self.daemon = daemon
        self.database = database
        self.server = database.server
        self.logs = logs
        self.logger = Logger(logs / "a.lp")
        self.copies = 0

    def append(self) -> None:
        for _ in range(self.chance.randrange(1, 6)):
            self.logger.write(self.chance.choice([1, 2, 10, 300, 3_000]))
            time.sleep(self.chance.choice([0, 0, 0.001, 0.02]))

    def wait(self) -> None:
        """Until everything that was written is in the table."""
        if not self.server.running:
            self.server.start()
        if not self.daemon.is_running():
            self.daemon.start()
        wait_for(
            f"{self.logger.next} lines", lambda: self.database.value(
                "SELECT count(DISTINCT number) FROM numbered") >= self.logger.next)

    def rotate(self) -> None:
        for number in range(STEPS, 0, -1):
            if (self.logs / f"a.lp.{number}").exists():
                os.rename(self.logs / f"a.lp.{number}", self.logs / f"a.lp.{number + 1}")
        os.rename(self.logs / "a.lp", self.logs / "a.lp.1")
        if self.chance.random() < 0.7:
            self.logger.write(self.chance.randrange(1, 50))
        self.logger.reopen()

    def copy_and_truncate(self) -> None:
        # What is written between the two is lost by the rotation itself.
        self.copies += 1
        shutil.copyfile(self.logs / "a.lp", self.logs / f"a.lp.copy{self.copies}")
        self.logger.truncate()

    def truncate(self) -> None:
        # What was not read yet is gone for everybody.
        self.wait()
        self.logger.truncate()

    def replace(self) -> None:
        self.wait()
        os.unlink(self.logs / "a.lp")
        self.logger.reopen()

    def restart(self) -> None:
        if self.daemon.is_running():
            self.daemon.kill() if self.chance.random() < 0.7 else self.daemon.stop()
        else:
            self.daemon.launch()

    def restart_server(self) -> None:
        if self.server.running:
            self.server.stop(self.chance.choice(["fast", "immediate"]))
        else:
            self.server.start()

    def step(self) -> None:
        actions = [
            (self.append, 12), (self.rotate, 3), (self.copy_and_truncate, 2), (self.truncate, 1),
            (self.replace, 1), (self.restart, 6), (self.restart_server, 1), (self.wait, 1),
        ]
        action = self.chance.choices([a for a, _ in actions], [w for _, w in actions])[0]
        print(action.__name__, self.logger.next, flush=True)
        action()


@pytest.mark.parametrize("lanes", [1, 2])
def test_whatever_happens_each_line_is_in_the_table_once(daemon, folder, numbered, lanes):
    seed = int(os.environ.get("SLUICE_SEED") or random.randrange(1 << 32))
    print(f"SLUICE_SEED={seed}")
    logs = folder / "logs"
    logs.mkdir()
    del daemon.config["udp"]
    daemon.config["files"] = [{"path": f"{logs}/a.lp*", "name": "logs", "rescan": "1s"}]
    daemon.config["ring"] |= {"lanes": lanes, "size": "4MiB"}
    daemon.config["batch"]["interval"] = "1ms"
    walk = Walk(random.Random(seed), daemon, numbered, logs)
    for _ in range(STEPS):
        walk.step()
    walk.wait()
    found = numbers(numbered)
    twice = sorted(number for number in set(found) if found.count(number) > 1)[:100]
    missing = sorted(set(range(walk.logger.next)) - set(found))[:100]
    assert (missing, twice) == ([], [])
