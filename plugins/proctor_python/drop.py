"""Arguments and report of the program `drop`: single tests removed from a file."""

from proctor_python.report import Target, Value


class Arguments(Value):
    """Which tests (node ids) go. An id that is just the file's path drops the whole file."""

    target: Target
    test_file: str
    tests: tuple[str, ...]


class Dropped(Value):
    """The report. With no test left the file is deleted."""

    dropped: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    deleted: bool = False
