"""Input of the benchmarks: files of line protocol that are the same in every run."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Long past on every clock: what lies ahead is refused.
START = 1_700_000_000 * 10**9
# Values come again after so many lines; prime, so that they do not go in step with the sensors.
PERIOD = 1_999
LINES_PER_WRITE = 10_000


@dataclass(frozen=True)
class Input:
    """So many readings, a second apart for each sensor, in the order of time.

    The standard ones have four decimal fields and 95 bytes with their line end.
    """

    count: int
    sensors: int = 1_000
    # None: the four of a tank; else f1, f2, …
    fields: int | None = None
    seconds_late: int = 0

    @property
    def columns(self) -> list[str]:
        if self.fields is None:
            return ["oxygen", "temperature", "salinity", "ph"]
        return [f"f{number}" for number in range(1, self.fields + 1)]

    def moment(self, number: int) -> int:
        """Nanoseconds since 1970, in whole microseconds."""
        second, place = divmod(number, self.sensors)
        return (
            START + (self.seconds_late + second) * 10**9 + place * (10**6 // self.sensors) * 1_000
        )

    def sensor(self, number: int) -> int:
        return 1_000 + number % self.sensors

    def _values(self, number: int) -> str:
        if self.fields is None:
            return (
                f"oxygen={80 + number % 1997 / 100:.3f},temperature={8 + number % 1999 / 1000:.3f}"
                f",salinity={30 + number % 499 / 100:.2f},ph={7 + number % 97 / 100:.2f}"
            )
        return ",".join(
            f"{name}={10 + (number * 7 + place) % 9000 / 100:.2f}"
            for place, name in enumerate(self.columns)
        )

    @cache
    def sums(self) -> list[int]:
        """Of each column, in thousandths, by a weight of the sensor: no two columns and no two sensors
        can change places unnoticed."""
        thousandths = [
            [round(float(item.partition("=")[2]) * 1_000) for item in self._values(n).split(",")]
            for n in range(PERIOD)
        ]
        # The pairs of values and weights that occur, and how often.
        pairs = Counter((n % PERIOD, 1 + self.sensor(n) % 7) for n in range(self.count))
        return [
            sum(thousandths[place][column] * weight * count
                for (place, weight), count in pairs.items())
            for column in range(len(self.columns))
        ]  # fmt: skip

    def write(self, path: Path) -> Path:
        """Writes the file, unless it is there."""
        if path.exists():
            return path
        values = [self._values(number) for number in range(PERIOD)]
        with path.open("w") as file:
            for first in range(0, self.count, LINES_PER_WRITE):
                numbers = range(first, min(first + LINES_PER_WRITE, self.count))
                file.writelines(
                    f"tank,sensor_id={self.sensor(n)} {values[n % PERIOD]} {self.moment(n)}\n"
                    for n in numbers
                )
        return path
