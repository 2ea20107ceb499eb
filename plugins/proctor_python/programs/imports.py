"""Import a package and its modules, and measure what that alone executes (runs in the target).

`imports.py CONFIG.json ANSWER.json`: the first holds {package, modules: {name: path}, skip, seconds, spare}: modules in
`skip` are measured, but not imported; one that takes longer than `seconds` ends this process, and ANSWER.json.stack
says where it was.
The answer is rewritten after each module, so that one which ends the interpreter loses nothing:
{places: [where the package lies], errors: {module: traceback's end}, importing, coverage, not_measured}.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, Dict, List

from proctor_coverage import Measurement

MESSAGE_LIMIT = 2_000


def main() -> None:
    """Import, one by one."""
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    output = Path(sys.argv[2])
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry != here]
    streams, stack = Streams(), open(f"{output}.stack", "w")  # noqa: PTH123, SIM115  open to the end
    measurement = Measurement(list(config["modules"].values()), config["spare"])
    answer: Dict[str, Any] = {"places": [], "errors": {}, "importing": "", "coverage": None, "not_measured": ""}
    wanted = [name for name in [config["package"], *config["modules"]] if name not in config["skip"]]
    for module in wanted:
        answer["importing"] = module
        output.write_text(json.dumps(answer), encoding="utf-8")
        faulthandler.dump_traceback_later(config["seconds"], exit=True, file=stack)
        _load(module, answer)
        if streams.restore():
            answer["errors"].setdefault(module, f"importing {module} closes the standard output, which pytest needs")
        if not Path(config["modules"].get(module, output)).exists():
            answer["errors"].setdefault(module, f"importing {module} removes its own file")
    faulthandler.cancel_dump_traceback_later()
    answer["importing"], answer["places"] = "", _places(config["package"])
    answer["coverage"] = measurement.result()
    answer["not_measured"] = measurement.reason
    output.write_text(json.dumps(answer), encoding="utf-8")


class Streams:
    """What a module may close or turn elsewhere, kept for the next one."""

    def __init__(self) -> None:
        """Keep them, and who we are."""
        self.kept = [os.dup(descriptor) for descriptor in (0, 1, 2)]
        self.pid = os.getpid()

    def restore(self) -> bool:
        """Put them back, and tell if one was closed; a copy of us that a module has forked ends here."""
        if os.getpid() != self.pid:
            os._exit(0)
        closed = False
        for descriptor, kept in enumerate(self.kept):
            closed |= not _is_open(descriptor)
            os.dup2(kept, descriptor)
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            if getattr(getattr(sys, name), "closed", True):
                setattr(sys, name, open(descriptor, "w", closefd=False))  # noqa: SIM115  it stays open
                closed = True
        return closed


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _load(module: str, answer: Dict[str, Any]) -> None:
    try:
        importlib.import_module(module)
    except BaseException:  # noqa: BLE001  a module may raise anything, SystemExit too
        text = traceback.format_exc()[-MESSAGE_LIMIT:]
        answer["errors"][module] = text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\\x00")


def _places(package: str) -> List[str]:
    module = sys.modules.get(package)
    found = getattr(module, "__file__", None)
    return [found] if found else [str(place) for place in getattr(module, "__path__", [])]


if __name__ == "__main__":
    main()
