"""Say what this interpreter is, and outline source files in its own syntax (runs in the target).

`probe.py FILES.json ANSWER.json`: the first holds a list of paths; the answer is {version, pytest, files}, where
`pytest` is its version or null, and `files` has for each path its outline or {error}.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Dict, Optional

import outline


def main() -> None:
    """Answer."""
    paths = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answer = {
        "version": ".".join(str(part) for part in sys.version_info[:3]),
        "pytest": _pytest(),
        "files": {path: _outline(path) for path in paths},
    }
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


def _pytest() -> Optional[str]:
    from importlib import metadata

    try:
        return metadata.version("pytest")
    except metadata.PackageNotFoundError:
        return None


def _outline(path: str) -> Dict[str, object]:
    try:
        return asdict(outline.outline(Path(path).read_bytes()))
    except (SyntaxError, ValueError, OSError, RecursionError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
