"""`sluice import` beside psql's COPY of the same rows, in turns."""

import shlex
from functools import partial
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
        self.target.empty()
        return self._run(self.command(lanes), f"import with {lanes} lanes")

    def run_psql(self, rows: Path) -> process.Run:
        self.target.empty()
        return self._run(self.target.load_command(rows), "psql")

    def run_two_psql(self, halves: list[Path]) -> process.Run:
        """Side by side, with nothing else to do than to load what is ready."""
        self.target.empty()
        self.target.prepare()
        first, second = (shlex.join(self.target.load_command(half)) for half in halves)
        return self._run(["sh", "-c", f"{first} & {second} && wait $!"], "two psql")

    def _run(self, command: list, what: str) -> process.Run:
        """Watches all alike: who is looked at more often is slower."""
        result = process.run(command, without="sluice-import")
        self.target.check(what)
        return result


def compare(
    results: Results, server: Server, folder: Path, source: Input, rounds: int
) -> None:
    """psql, one lane, psql, two lanes, psql, …; then the same with two indexes, where two processes of
    psql with sorted rows show what the server gains from that alone.

    Each run is compared with the mean of the two runs of psql that it stands between.
    """
    path = source.write(folder / "standard.lines")
    for name, indexes, limits in [
        ("primary key", table.PRIMARY_KEY, {"import, 1 lane": 0.97, "import, 2 lanes": 1.15}),
        ("two indexes", table.TWO_INDEXES, {"import, 2 lanes": 2.0}),
    ]:
        target = table.Table(server, source, indexes)
        importer = Importer(folder / name.replace(" ", "-"), target, path)
        importer.run(2)
        rows, halves = target.save(folder / "rows"), []
        runs = {
            "import, 1 lane": partial(importer.run, 1),
            "import, 2 lanes": partial(importer.run, 2),
        }
        if indexes is table.TWO_INDEXES:
            halves = target.save_sorted(folder / "rows")
            runs["two psql, sorted rows"] = partial(importer.run_two_psql, halves)
        ratios: dict[str, list[float]] = {who: [] for who in runs}
        speeds: dict[str, list[float]] = {who: [] for who in ["psql", *runs]}
        cost, resident = [], []
        before = importer.run_psql(rows).seconds
        for _ in range(rounds):
            for who, contestant in runs.items():
                run = contestant()
                after = importer.run_psql(rows).seconds
                ratios[who].append((before + after) / 2 / run.seconds)
                speeds["psql"].append(source.count / after)
                speeds[who].append(source.count / run.seconds)
                before = after
                if who.startswith("import"):
                    cost.append(run.processor_seconds / source.count * MILLION)
                    resident.append(run.resident_bytes / 2**20)
        for who, values in ratios.items():
            results.add(Figure(f"{who}, {name}, beside psql", "ratio", values, limits.get(who)))
        for who, values in speeds.items():
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
        for file in [rows, *halves]:
            file.unlink()
