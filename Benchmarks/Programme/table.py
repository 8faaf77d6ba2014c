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

    def save(self, path: Path) -> Path:
        """The rows as psql would load them, in the order of the lines."""
        names = ", ".join(['"timestamp"', "sensor_id", *self.input.columns])
        query = f'SELECT {names} FROM {NAME} ORDER BY "timestamp", sensor_id'
        subprocess.run(self._psql(f"\\copy ({query}) TO '{path}' (FORMAT binary)"), check=True)
        return path

    def load_command(self, path: Path) -> list[str]:
        return self._psql(f"\\copy {NAME} FROM '{path}' (FORMAT binary)")

    def drop(self) -> None:
        self.database.drop()
