"""The table that the benchmarks write to, in a database of their own."""

import subprocess
from pathlib import Path

from lines import Input
from support.server import Database, Server

NAME = "tank"
PRIMARY_KEY = (f'ALTER TABLE {NAME} ADD PRIMARY KEY ("timestamp", sensor_id)',)
TWO_INDEXES = (
    f'CREATE INDEX ON {NAME} ("timestamp" DESC)',
    f'CREATE INDEX ON {NAME} (sensor_id, "timestamp" DESC)',
)
# As many as sluice sorts at a time: 6 MiB of rows with four doubles.
SORTED_ROWS = 85_000


class Table:
    """A hypertable where the server has TimescaleDB, else a plain table of the same shape."""

    def __init__(self, server: Server, input: Input, indexes: tuple[str, ...]) -> None:
        self.input = input
        self.database: Database = server.new_database()
        columns = "".join(f", {name} double precision" for name in input.columns)
        self.database.create_table(
            NAME, f'"timestamp" timestamptz NOT NULL, sensor_id bigint NOT NULL{columns}'
        )
        if server.has_timescale:
            self.database.execute(
                "CREATE EXTENSION IF NOT EXISTS timescaledb",
                f"SELECT create_hypertable('{NAME}', 'timestamp', create_default_indexes => false)",
            )
        self.database.execute(*indexes)

    def empty(self) -> None:
        """Without readings, and with nothing left to do for the server."""
        self.database.execute(
            f"TRUNCATE {NAME}", "DELETE FROM sluice_progress WHERE source <> ''", "CHECKPOINT"
        )

    def count(self) -> int:
        return self.database.count(NAME)

    def check(self, what: str) -> None:
        """Every reading is there once: a benchmark that writes something else measures nothing."""
        sums = "".join(
            f", sum(({name} * 1000)::bigint * (1 + sensor_id % 7))" for name in self.input.columns
        )
        rows, sensors, first, last, *values = self.database.rows(
            f"""SELECT count(*), count(DISTINCT sensor_id), min("timestamp"), max("timestamp"){sums}
                FROM {NAME}"""
        )[0]
        wanted = (self.input.count, min(self.input.sensors, self.input.count))
        assert (rows, sensors) == wanted, f"{what}: {(rows, sensors)}, not {wanted}"
        assert values == self.input.sums(), f"{what}: values {values}, not {self.input.sums()}"
        moments = [self.input.moment(0), self.input.moment(self.input.count - 1)]
        found = [int(moment.timestamp() * 10**6 + 0.5) * 1_000 for moment in (first, last)]
        assert found == moments, f"{what}: times {found}, not {moments}"

    def _psql(self, command: str) -> list[str]:
        conninfo = self.database.server.conninfo(self.database.name, "postgres")
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", command, "-d", conninfo]

    def _copy_out(self, rows: str, order: str, path: Path) -> Path:
        names = ", ".join(['"timestamp"', "sensor_id", *self.input.columns])
        query = f"SELECT {names} FROM {rows} ORDER BY {order}"
        subprocess.run(self._psql(f"\\copy ({query}) TO '{path}' (FORMAT binary)"), check=True)
        return path

    def save(self, path: Path) -> Path:
        """The rows as psql would load them, in the order of the lines."""
        return self._copy_out(NAME, '"timestamp", sensor_id', path)

    def save_sorted(self, path: Path) -> list[Path]:
        """The rows in two files, as two lanes would send them: batches in turn, each in the order of
        the index that begins with the sensor."""
        batch = f'(row_number() OVER (ORDER BY "timestamp", sensor_id) - 1) / {SORTED_ROWS}'
        return [
            self._copy_out(
                f"(SELECT *, {batch} AS batch FROM {NAME}) AS numbered WHERE batch % 2 = {half}",
                'batch, sensor_id, "timestamp" DESC',
                path.with_suffix(f".{half}"),
            )
            for half in range(2)
        ]

    def prepare(self) -> None:
        """Makes the chunk for the readings: who makes it keeps others from it until it commits."""
        values = [f"to_timestamp({self.input.moment(0) // 10**9})", "0"]
        values += ["0"] * len(self.input.columns)
        self.database.execute(
            f"INSERT INTO {NAME} SELECT {', '.join(values)}", f"DELETE FROM {NAME}"
        )

    def load_command(self, path: Path) -> list[str]:
        return self._psql(f"\\copy {NAME} FROM '{path}' (FORMAT binary)")

    def drop(self) -> None:
        self.database.drop()
