"""What was measured, what was aimed at, and how it is shown."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Figure:
    what: str
    unit: str
    values: list[float]
    # What is aimed at; None where a figure is only told.
    limit: float | None = None
    more_is_better: bool = True
    digits: int = 2
    # Of a bound that must never be passed, the worst value counts, else the median.
    is_bound: bool = False

    @property
    def value(self) -> float:
        return max(self.values) if self.is_bound else statistics.median(self.values)

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        reached = (
            self.value >= self.limit if self.more_is_better else self.value <= self.limit
        )
        return "reached" if reached else "missed"

    def cells(self) -> list[str]:
        def text(value: float) -> str:
            return f"{value:,.{self.digits}f}"

        bound = ""
        if self.limit is not None:
            bound = ("≥ " if self.more_is_better else "≤ ") + text(self.limit)
        span = f"{text(min(self.values))} – {text(max(self.values))}" if self.values[1:] else ""
        return [self.what, self.unit, bound, text(self.value), span, self.verdict]


HEADINGS = ["what", "unit", "aim", "figure", "span", ""]


@dataclass
class Series:
    """Measurements against one variable: a plot."""

    name: str
    title: str
    variable: str
    points: list[float]
    # By name: values at each point.
    lines: dict[str, list[float]]
    unit: str
    logarithmic: bool = True
    digits: int = 0


@dataclass
class Profile:
    """Nanoseconds of processor time per line, by stage; together they are the whole."""

    what: str
    stages: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.stages.values())


@dataclass
class Results:
    figures: list[Figure] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)
        print("  ".join(cell for cell in figure.cells() if cell), flush=True)


def text_table(headings: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[index]) for row in [headings, *rows]) for index in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        for row in [headings, *rows]
    )


def markdown_table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
