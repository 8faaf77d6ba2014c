"""How speed and cost change with the load's and the configuration's size."""

from pathlib import Path

import table
from figures import Results, Series
from importing import Importer
from lines import Input
from support.server import Server
from udp import Receiver, measure

LANES = [1, 2, 4]
SENSORS = [10, 100, 1_000, 10_000, 100_000, 1_000_000]
FIELDS = [1, 2, 4, 8, 16, 32, 64]
BATCH_ROWS = [1_000, 5_000, 20_000, 50_000, 200_000]
LINES_PER_DATAGRAM = 14


def by_lanes(results: Results, server: Server, folder: Path, source: Input, flood: Path) -> None:
    path = source.write(folder / "standard.lines")
    target = table.Table(server, source, table.PRIMARY_KEY)
    importer = Importer(folder / "lanes", target, path)
    udp, imported = [], []
    for lanes in LANES:
        imported.append(source.count / importer.run(lanes).seconds)
        with Receiver(folder / f"lanes-{lanes}", target, flood, lanes=lanes) as receiver:
            for _ in range(2):
                measure(receiver, path, LINES_PER_DATAGRAM)
            udp.append(source.count / measure(receiver, path, LINES_PER_DATAGRAM).seconds)
    target.drop()
    results.series.append(
        Series("lanes", "Speed against lanes", "lanes", LANES,
               {"import": imported, "UDP, 14 lines a datagram": udp}, "lines/s")
    )  # fmt: skip


def by_batch(results: Results, server: Server, folder: Path, source: Input, flood: Path) -> None:
    path = source.write(folder / "standard.lines")
    target = table.Table(server, source, table.PRIMARY_KEY)
    speeds = []
    for rows in BATCH_ROWS:
        batch = {"rows": rows, "bytes": "64MiB"}
        with Receiver(folder / f"batch-{rows}", target, flood, lanes=1, **batch) as receiver:
            for _ in range(2):
                measure(receiver, path, LINES_PER_DATAGRAM)
            speeds.append(source.count / measure(receiver, path, LINES_PER_DATAGRAM).seconds)
    target.drop()
    results.series.append(
        Series("batch", "Speed against the rows of a transaction (one lane)", "rows", BATCH_ROWS,
               {"UDP, 14 lines a datagram": speeds}, "lines/s")
    )  # fmt: skip


def imports(server: Server, folder: Path, sources: list[Input]) -> tuple[list, list]:
    """Lines a second into the table, and nanoseconds of processor time per line."""
    speeds, costs = [], []
    for source in sources:
        path = source.write(folder / f"scaling-{source.sensors}-{source.fields}.lines")
        target = table.Table(server, source, table.PRIMARY_KEY)
        run = Importer(folder / f"{path.stem}", target, path).run(2)
        speeds.append(source.count / run.seconds)
        costs.append(run.processor_seconds / source.count * 1e9)
        target.drop()
        path.unlink()
    return speeds, costs


def by_sensors(results: Results, server: Server, folder: Path, count: int) -> None:
    speeds, costs = imports(server, folder, [Input(count, sensors=n) for n in SENSORS])
    results.series += [
        Series("sensors", "Import speed against sensors", "sensors", SENSORS,
               {"import, two lanes": speeds}, "lines/s"),
        Series("sensors-cost", "Import's processor time against sensors", "sensors", SENSORS,
               {"import, two lanes": costs}, "ns/line"),
    ]  # fmt: skip


def by_fields(results: Results, server: Server, folder: Path, values: int) -> None:
    sources = [Input(values // (n + 2), fields=n) for n in FIELDS]
    speeds, costs = imports(server, folder, sources)
    results.series += [
        Series("fields", "Import speed against fields per line", "fields", FIELDS,
               {"import, two lanes": speeds}, "lines/s"),
        Series("fields-cost", "Import's processor time against fields per line", "fields", FIELDS,
               {"import, two lanes": costs}, "ns/line"),
    ]  # fmt: skip
