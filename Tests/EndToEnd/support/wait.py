"""Waiting for conditions: no test sleeps for a fixed time and hopes."""

import os
import time
from typing import Callable, TypeVar

Value = TypeVar("Value")

# Only a broken daemon takes this long; a slow machine or a sanitizer does not.
PATIENCE_SECONDS = float(os.environ.get("SLUICE_PATIENCE", "120"))
POLL_SECONDS = 0.02


def wait_for(what: str, condition: Callable[[], Value]) -> Value:
    """Polls `condition` until it is true and returns its value."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE_SECONDS:.0f} s for {what}; last: {value!r}")
        time.sleep(POLL_SECONDS)


def wait_until_equal(what: str, read: Callable[[], Value], wanted: Value) -> None:
    """Polls `read` until it gives `wanted`; on failure shows what it gave last."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (value := read()) != wanted:
        if time.monotonic() > deadline:
            assert value == wanted, f"waited {PATIENCE_SECONDS:.0f} s in vain for {what}"
        time.sleep(POLL_SECONDS)
