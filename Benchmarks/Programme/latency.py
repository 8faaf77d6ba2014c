"""From `sendto` to the row that another connection sees."""

import statistics
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import table
from figures import Figure, Results, Series
from lines import Input
from support.server import Server
from support.wait import PATIENCE_SECONDS, wait_for
from udp import Receiver, queue_bytes_max

PROBES_PER_SECOND = 100
# A sensor of its own, beside those of the load.
PROBE_SENSOR = 7
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def probe(receiver: Receiver, count: int) -> list[float]:
    """Milliseconds of each of so many datagrams, a fixed time apart."""
    sender = receiver.daemon.sender()
    query = f'SELECT 1 FROM {table.NAME} WHERE "timestamp" = %s AND sensor_id = {PROBE_SENSOR}'
    times = []
    database = receiver.target.database
    with database.server.connect(database.name) as connection:
        for number in range(count):
            turn = time.monotonic()
            # The same lines as all others have; whole microseconds.
            moment = time.time_ns() // 1_000
            line = (
                f"{table.NAME},sensor_id={PROBE_SENSOR} oxygen=80.123,temperature=8.123,"
                f"salinity=30.12,ph=7.12 {moment}000"
            )
            when = EPOCH + timedelta(microseconds=moment)
            start = time.perf_counter()
            sender.send(line)
            while connection.execute(query, (when,), prepare=True).fetchone() is None:
                late = time.perf_counter() - start > PATIENCE_SECONDS
                assert not late and receiver.is_well(), f"a row does not come: {line}"
            times.append((time.perf_counter() - start) * 1_000)
            rest = turn + 1 / PROBES_PER_SECOND - time.monotonic()
            if rest > 0:
                time.sleep(rest)
    return times


def percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def measure(results: Results, server: Server, folder: Path, flood: Path, probes: int) -> None:
    target = table.Table(server, Input(0), table.PRIMARY_KEY)
    with Receiver(folder / "latency", target, flood, lanes=1, interval="0s") as receiver:
        probe(receiver, 100)
        times = probe(receiver, probes)
    assert target.count() == 100 + probes, "rows are missing"
    what = f"sendto to the visible row, {PROBES_PER_SECOND} datagrams/s"
    results.add(Figure(f"{what}, p50", "ms", [percentile(times, 50)], 3, False))
    results.add(Figure(f"{what}, p99", "ms", [percentile(times, 99)], 10, False))
    target.drop()


def under_load(
    results: Results, server: Server, folder: Path, flood: Path, rates: list[int], seconds: int
) -> None:
    """The same probes while others send, a line in each datagram."""
    medians, tails = [], []
    for rate in rates:
        source = Input(rate * seconds)
        path = source.write(folder / f"load-{rate}.lines")
        target = table.Table(server, source, table.PRIMARY_KEY)
        with Receiver(folder / f"load-{rate}", target, flood, lanes=1, interval="0s") as receiver:
            probe(receiver, 50)
            load = subprocess.Popen(
                [flood, path, str(receiver.daemon.port), "1", str(queue_bytes_max()), str(rate)],
                stdout=subprocess.DEVNULL,
            )
            probes = (seconds - 1) * PROBES_PER_SECOND // 2
            times = probe(receiver, probes)
            assert load.wait() == 0
            wait_for("all lines", lambda: target.count() >= source.count + probes + 50)
        medians.append(percentile(times, 50))
        tails.append(percentile(times, 99))
        target.drop()
        path.unlink()
    results.series.append(
        Series(
            "latency", "Latency against load (one line a datagram, interval 0)", "datagrams/s",
            rates, {"p50": medians, "p99": tails}, "ms", digits=2,
        )
    )  # fmt: skip
