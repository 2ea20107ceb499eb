"""Import a package and its modules, and measure what that alone executes (runs in the target).

`imports.py CONFIG.json ANSWER.json`: the first holds {package, modules: {name: path}, spare}. The answer is rewritten
after each module, so that one which ends the interpreter loses nothing:
{places: [where the package lies], errors: {module: traceback's end}, importing, coverage, not_measured}.
"""

from __future__ import annotations

import importlib
import json
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
    measurement = Measurement(list(config["modules"].values()), config["spare"])
    answer: Dict[str, Any] = {"places": [], "errors": {}, "importing": "", "coverage": None, "not_measured": ""}
    for module in [config["package"], *config["modules"]]:
        answer["importing"] = module
        output.write_text(json.dumps(answer), encoding="utf-8")
        _load(module, answer)
    answer["importing"], answer["places"] = "", _places(config["package"])
    answer["coverage"] = measurement.result()
    answer["not_measured"] = measurement.reason
    output.write_text(json.dumps(answer), encoding="utf-8")


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
