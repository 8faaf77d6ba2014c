"""How fast a flood of datagrams becomes rows, beside psql's COPY of the same rows into the same
table, in turns. Relative figures: the two share the machine's noise.

    scripts/bench [rows] [rounds]
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.daemon import Daemon, queued_bytes
from support.send import Sender
from support.server import Database, Server

READINGS = "environmental_environmentalreading"
LINES_PER_DATAGRAM = 14
SENSORS = 1000
START = 1_790_000_000_000_000_000
# Bytes that may wait in the socket before the sender pauses: far below the receive buffer.
QUEUE_BYTES_MAX = 1 << 20
DATAGRAMS_PER_LOOK = 200


def moment(number: int) -> int:
    return START + number // SENSORS * 1_000_000_000 + number % SENSORS * 1000


def line(number: int) -> str:
    temperature = 8 + number % 7919 / 1000
    oxygen = 90 + number % 997 / 100
    return (
        f"{READINGS},sensor_id={number % SENSORS} "
        f"temperature={temperature:.4f},oxygen={oxygen:.2f} {moment(number)}"
    )


def datagrams(rows: int) -> list[bytes]:
    return [
        "\n".join(line(number) for number in range(first, min(first + LINES_PER_DATAGRAM, rows)))
        .encode()
        for first in range(0, rows, LINES_PER_DATAGRAM)
    ]  # fmt: skip


def send_all(port: int, payloads: list[bytes]) -> None:
    """As fast as the daemon takes them from the socket."""
    sender = Sender(port)
    for index, payload in enumerate(payloads):
        sender.send_bytes(payload)
        if index % DATAGRAMS_PER_LOOK == 0:
            while queued_bytes(port) > QUEUE_BYTES_MAX:
                time.sleep(0.0005)
    sender.close()


def wait_for_row(database: Database, number: int) -> None:
    query = f"""SELECT count(*) FROM {READINGS} WHERE sensor_id = {number % SENSORS}
                AND "timestamp" = to_timestamp({moment(number) // 1000} / 1000000.0)"""
    with database.server.connect(database.name) as connection:
        while connection.execute(query).fetchone() == (0,):
            time.sleep(0.005)


def run_daemon(daemon: Daemon, database: Database, payloads: list[bytes], rows: int) -> float:
    start = time.monotonic()
    send_all(daemon.port, payloads)
    wait_for_row(database, rows - 1)
    seconds = time.monotonic() - start
    written = database.count(READINGS)
    assert written == rows, f"{rows - written} of {rows} rows are missing:\n{daemon.log()}"
    return seconds


def run_psql(database: Database, file: Path) -> float:
    start = time.monotonic()
    subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d",
         database.server.conninfo(database.name, "postgres"),
         "-c", f"\\copy {READINGS} FROM '{file}' (FORMAT binary)"],
        check=True,
    )  # fmt: skip
    return time.monotonic() - start


def measure(server: Server, folder: Path, rows: int, rounds: int) -> None:
    database = server.new_database()
    daemon = Daemon(folder, database.conninfo)
    daemon.config["ring"]["size"] = "512MiB"
    daemon.config["udp"][0]["receive_buffer"] = "4MiB"
    del daemon.config["batch"]
    copied = folder / "rows"
    payloads = datagrams(rows)
    ratios = []
    daemon.start()
    try:
        for turn in range(rounds):
            database.execute(f"TRUNCATE {READINGS}", "CHECKPOINT")
            by_daemon = run_daemon(daemon, database, payloads, rows)
            if turn == 0:
                subprocess.run(
                    ["psql", "-X", "-q", "-d", server.conninfo(database.name, "postgres"), "-c",
                     f"\\copy (SELECT * FROM {READINGS} ORDER BY \"timestamp\") TO '{copied}' "
                     "(FORMAT binary)"],
                    check=True,
                )  # fmt: skip
            database.execute(f"TRUNCATE {READINGS}", "CHECKPOINT")
            by_psql = run_psql(database, copied)
            ratios.append(by_psql / by_daemon)
            print(
                f"sluice {rows / by_daemon:9.0f} rows/s   psql {rows / by_psql:9.0f} rows/s   "
                f"ratio {ratios[-1]:.2f}   resident {daemon.resident_bytes() / 1e6:.0f} MB",
                flush=True,
            )
        print(f"median ratio {statistics.median(ratios):.2f}")
    finally:
        daemon.close()
        database.drop()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    folder = Path(tempfile.mkdtemp(prefix="sluice-", dir="/tmp"))
    server = Server()
    try:
        measure(server, folder, rows, rounds)
    finally:
        server.remove()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
