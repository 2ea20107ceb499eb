"""Makes the histories of this folder again, after a change of decisions that was meant.

python tests/replay/record.py [KIND...]
"""

import asyncio
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HISTORIES = HERE / "histories"


async def recorded(kind: str, folder: Path) -> bytes:
    """Make a run of that kind, and give its history."""
    from replay_runs import KINDS, SCOPE

    from proctor import __version__
    from proctor.history import record, write
    from proctor.store import open_store

    store = await open_store(f"sqlite:///{folder / kind}.db")
    try:
        run = await KINDS[kind](store)
        return write(await record(store, SCOPE, run.root, version=__version__))
    finally:
        await store.close()


def _main(kinds: list[str]) -> None:
    from replay_runs import KINDS
    from replay_stranger import install

    for kind in kinds or KINDS:
        with tempfile.TemporaryDirectory() as folder:
            if kind.startswith("with_"):
                sys.path.insert(0, str(install(Path(folder) / "site")))
            document = asyncio.run(recorded(kind, Path(folder))).replace(folder.encode(), b"/somewhere")
            sys.path[:] = [each for each in sys.path if not each.startswith(folder)]
            sys.modules.pop("acme_components", None)
        (HISTORIES / f"{kind}.json").write_bytes(document)
        print(f"{kind}: {len(document) / 1000:.0f} kB")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    _main(sys.argv[1:])
