"""Puts results into docs/performance.md and draws its plots."""

import platform
import re
import subprocess
from datetime import date
from pathlib import Path

from figures import HEADINGS, Profile, Results, Series, markdown_table
from support.server import PROJECT

PAGE = PROJECT / "docs" / "performance.md"
PLOTS = PROJECT / "docs" / "performance"


def machine(server_version: str, has_timescale: bool) -> str:
    """What the figures come from."""
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout
    version = re.search(r"Swift version ([\d.]+)", swift)
    kernel = ".".join(platform.release().split(".")[:2])
    table = "hypertables of TimescaleDB" if has_timescale else "plain tables"
    return (
        f"{date.today()}: {text.count('processor	:')} processors ({model[1] if model else '?'}),"
        f" {int(memory[1]) // 2**20} GiB, Linux {kernel},"
        f" Swift {version[1] if version else '?'}, PostgreSQL {server_version}, {table};"
        " the sender and the server on the same processors."
    )


def figures(results: Results) -> str:
    return markdown_table(HEADINGS, [figure.cells() for figure in results.figures])


def profiles(found: list[Profile]) -> str:
    names = list(dict.fromkeys(name for profile in found for name in profile.stages))
    rows = [
        [name, *(f"{profile.stages.get(name, 0):,.0f}" for profile in found)] for name in names
    ]
    rows.append(["**all**", *(f"**{profile.total:,.0f}**" for profile in found)])
    return markdown_table(["ns per line", *(profile.what for profile in found)], rows)


def plot(series: Series) -> str:
    """Draws one, and gives what stands in the page for it."""
    import matplotlib

    matplotlib.use("svg")
    # The same picture for the same figures: no times and no random names in it.
    matplotlib.rcParams["svg.hashsalt"] = "sluice"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 2.6))
    for name, values in series.lines.items():
        axes.plot(series.points, values, marker="o", markersize=4, label=name)
    if series.logarithmic:
        axes.set_xscale("log")
    axes.set_xticks(series.points, [f"{point:,}" for point in series.points], fontsize=7)
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
    axes.tick_params(axis="y", labelsize=7)
    axes.set_xlabel(series.variable, fontsize=8)
    axes.set_ylabel(series.unit, fontsize=8)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    figure.tight_layout()
    PLOTS.mkdir(exist_ok=True)
    figure.savefig(PLOTS / f"{series.name}.svg", metadata={"Date": None})
    pyplot.close(figure)
    headings = [series.variable, *(f"{point:,}" for point in series.points)]
    rows = [
        [f"{name}, {series.unit}", *(f"{value:,.{series.digits}f}" for value in values)]
        for name, values in series.lines.items()
    ]
    table = markdown_table(headings, rows)
    return f"### {series.title}\n\n![{series.title}](performance/{series.name}.svg)\n\n{table}"


def replace(text: str, name: str, content: str) -> str:
    """Puts content between the marks `<!-- name -->` and `<!-- end -->`."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
    assert re.search(pattern, text, re.DOTALL), f"{PAGE} has no place for {name}"
    return re.sub(pattern, lambda m: f"{m[1]}\n{content}\n\n{m[2]}", text, flags=re.DOTALL)


def write(results: Results, machine_text: str) -> None:
    """Renews the parts of the page that were measured; the others stay."""
    text = PAGE.read_text()
    text = replace(text, "machine", machine_text)
    if results.figures:
        text = replace(text, "figures", figures(results))
    if results.profiles:
        text = replace(text, "profiles", profiles(results.profiles))
    if results.series:
        text = replace(text, "plots", "\n\n".join(plot(series) for series in results.series))
    PAGE.write_text(text)
