"""Waiting for a fact, with a deadline."""

import time
from collections.abc import Callable


def until(fact: Callable[[], bool], seconds: float) -> bool:
    """Return whether it became true in time; ask about twenty times a second, and at least once."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
