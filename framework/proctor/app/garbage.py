"""What a process that drives sessions tells the garbage collector."""

import gc

OBJECTS = 10_000
"""So many new objects start a collection. A step makes hundreds, and nearly all of them go by themselves."""


def freeze_loaded() -> None:
    """Say that what is loaded by now stays.

    Otherwise every full collection goes through all modules again. What this and the rare collections save is told in
    docs/benchmarks.md.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS)
