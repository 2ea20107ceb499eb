"""What a process that drives sessions tells the garbage collector."""

import gc

OBJECTS = 10_000
"""So many new objects start a collection. A step makes hundreds, and nearly all of them go by themselves."""


def freeze_loaded() -> None:
    """Say that what is loaded by now stays.

    Otherwise every full collection goes through all modules again. With the rare collections, this saves a tenth of
    the CPU of a step that does nothing.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS)
