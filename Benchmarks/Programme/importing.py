"""`sluice import` beside psql's COPY of the same rows, in turns."""

from pathlib import Path

import process
import table
from figures import Figure, Results
from lines import Input
from support.daemon import BINARY
from support import toml
from support.server import Server

MILLION = 1_000_000


class Importer:
    def __init__(self, folder: Path, target: table.Table, source: Path) -> None:
        self.folder = folder
        self.target = target
        self.source = source
        folder.mkdir(exist_ok=True)
        self.configuration = folder / "import.toml"
        self.configuration.write_text(
            toml.dump(
                {
                    "database": {"conninfo": target.database.conninfo},
                    "ring": {"directory": folder / "ring"},
                    "rejects": {"directory": folder / "rejects"},
                }
            )
        )

    def command(self, lanes: int) -> list:
        return [
            BINARY, "import", "--config", self.configuration, "--lanes", str(lanes), self.source
        ]  # fmt: skip

    def run(self, lanes: int) -> process.Run:
        return self._run(self.command(lanes), f"import with {lanes} lanes")

    def run_psql(self, rows: Path) -> process.Run:
        return self._run(self.target.load_command(rows), "psql")

    def _run(self, command: list, what: str) -> process.Run:
        """Watches all alike: who is looked at more often is slower."""
        self.target.empty()
        result = process.run(command, without="sluice-import")
        self.target.check(what)
        return result


def compare(
    results: Results, server: Server, folder: Path, source: Input, rounds: int
) -> None:
    """psql, one lane, psql, two lanes, psql, …; then the same with two indexes.

    Each import is compared with the mean of the two runs of psql that it stands between.
    """
    path = source.write(folder / "standard.lines")
    for name, indexes, limits in [
        ("primary key", table.PRIMARY_KEY, {1: 0.97, 2: 1.15}),
        ("two indexes", table.TWO_INDEXES, {1: None, 2: 2.0}),
    ]:
        target = table.Table(server, source, indexes)
        importer = Importer(folder / name.replace(" ", "-"), target, path)
        ratios: dict[int, list[float]] = {1: [], 2: []}
        speeds: dict[int, list[float]] = {0: [], 1: [], 2: []}
        cost, resident = [], []
        importer.run(2)
        rows = target.save(folder / "rows")
        before = importer.run_psql(rows).seconds
        for _ in range(rounds):
            for lanes in ratios:
                run = importer.run(lanes)
                after = importer.run_psql(rows).seconds
                ratios[lanes].append((before + after) / 2 / run.seconds)
                speeds[0].append(source.count / after)
                speeds[lanes].append(source.count / run.seconds)
                before = after
                cost.append(run.processor_seconds / source.count * MILLION)
                resident.append(run.resident_bytes / 2**20)
        for lanes, values in ratios.items():
            text = f"import, {name}, {lanes} lane{'s' * (lanes > 1)}, beside psql"
            results.add(Figure(text, "ratio", values, limits[lanes]))
        for lanes, values in speeds.items():
            who = f"import, {lanes} lane{'s' * (lanes > 1)}" if lanes else "psql"
            results.add(Figure(f"{who}, {name}", "lines/s", values, digits=0))
        limit = 0.2 if indexes is table.PRIMARY_KEY else None
        results.add(
            Figure(f"import, {name}, processor", "s/million lines", cost, limit, False, digits=3)
        )
        results.add(
            Figure(f"import, {name}, memory beside the rings, most", "MiB", resident, 48, False, 1,
                   is_bound=True)
        )  # fmt: skip
        target.drop()
        rows.unlink()
