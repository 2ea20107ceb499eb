"""Components that do what no component should: each is told by name with its reason, and the others get their tests."""

import json
from pathlib import Path

from projects import Project, processes_of

EXAMPLE = '''"""One function."""


def act(n: int) -> int:
    """Double a number.

    >>> act(2)
    4
    """
    {act}
    return 2 * n
'''
IMPORTED = {
    "closes": ("import os, sys; sys.stdout.close(); os.close(2)", "closes the standard output"),
    "deletes": ("import os; os.remove(__file__)", "removes its own file"),
    "eats": ("hoard = bytearray(1 << 60)", "MemoryError"),
    "exits": ("import os; os._exit(0)", "ended the interpreter with exit code 0"),
    "hangs": ("import time; time.sleep(3600)", "did not finish in 10 s"),
    "leaves": ("raise SystemExit('no licence')", "SystemExit: no licence"),
    "nul": ("x = '\0'", "null bytes"),
}
"""What a module does when it is imported, and what is said of it."""
CALLED = {
    "call_exits": ("import os; os._exit(0)", "this test ended the whole run"),
    "call_hangs": ("import time; time.sleep(3600)", "stopped after 5 s"),
    "call_eats": ("hoard = [n] * (1 << 50)", "MemoryError"),
}
"""The same, of its function."""
BORNE = {
    "forks": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\n    os._exit(0)",
    "garbles": "import os, sys\nos.write(1, b'\\0\\xff\\xfe{' * 999)\nsys.stderr.write('\\0\\x1b[2J')",
    "prints": "import sys\nfor _ in range(100):\n    sys.stdout.write('x' * 1024**2)",
}
"""What a module may do when it is imported: it gets its tests."""
OPTIONS = {
    "context_testing.initialize": {"import_seconds": 10},
    "component_testing.run_tests": {"test_seconds": 5},
    "component_testing.check_stability": {"runs": 2},
}


def test_bad_components_are_told_with_their_reasons_and_take_no_other_along(project: Project) -> None:
    said = {name: says for name, (_, says) in [*IMPORTED.items(), *CALLED.items()]}
    files = {name: f"{EXAMPLE.format(act='pass')}\n\n{line}\n" for name, (line, _) in IMPORTED.items()}
    files |= {name: f"{EXAMPLE.format(act='pass')}\n\n{lines}\n" for name, lines in BORNE.items()}
    files |= {name: EXAMPLE.format(act=line) for name, (line, _) in CALLED.items()}
    project.write({"bad/__init__.py": "", **{f"bad/{name}.py": text for name, text in files.items()}})
    project.commit()
    project.environment = {"PROCTOR_STEPS": json.dumps(OPTIONS), "PROCTOR_JOBS": "2", "TMPDIR": temporary(project)}
    finished = project.proctor("run", "bad", "--json")

    assert finished.code == 0, finished.out + finished.err
    told = {each["name"].removeprefix("bad."): each for each in finished.lines()[-1]["components"]}
    assert {name for name, each in told.items() if each["outcome"] == "proven"} == BORNE.keys()
    for name, says in said.items():
        assert told[name]["outcome"] == "none"
        assert says in told[name]["reason"]
    assert all(line["v"] == 1 for line in finished.lines())
    assert "Traceback" not in finished.err
    assert processes_of(project.home) == []
    assert not [path for path in (project.home / "cache" / "work").iterdir() if path.is_dir()]
    assert not [*Path(temporary(project)).iterdir()]


def temporary(project: Project) -> str:
    """Give a folder of the test's own for temporary files, to see what is left there."""
    folder = project.home / "tmp"
    folder.mkdir(exist_ok=True)
    return str(folder)
