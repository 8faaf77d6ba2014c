"""How much memory `sluice check` says that the daemon takes at most."""

import re

from .daemon import run_sluice

UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def announced_memory(daemon) -> int:
    daemon.write_config()
    result = run_sluice("check", "--config", str(daemon.config_file))
    text = result.stdout.decode()
    figure = re.search(r"memory\D*?([\d.]+)\s*(B|KiB|MiB|GiB)\b", text, re.IGNORECASE)
    assert figure, text
    return int(float(figure[1]) * UNITS[figure[2]])
