#!/usr/bin/env python3
"""Reads what the Speed benchmark wrote as JMH from standard input, and prints each workload's name and
the median of the nanoseconds that one unit of it took."""

import json
import sys

METRIC = "picoseconds per unit"


def medians(text: str) -> dict[str, float]:
    # Notes may stand before the array.
    benchmarks = json.loads(text[text.index("[{") :])
    return {
        benchmark["benchmark"].rpartition(".")[2]: benchmark["secondaryMetrics"][METRIC][
            "scorePercentiles"
        ]["50.0"]
        / 1000
        for benchmark in benchmarks
    }


if __name__ == "__main__":
    for name, nanoseconds in sorted(medians(sys.stdin.read()).items()):
        print(name, f"{nanoseconds:.1f}", sep="\t")
