"""Started by `proctor.isolation.process`: requests come on stdin, answers go to stdout, and no plugin can touch either.

The argument is the list of the distributions that may load, as JSON, or null.
"""

import asyncio
import faulthandler
import json
import os
import sys
from typing import BinaryIO

from proctor.event_loop import alone
from proctor.isolation.host import Host, own
from proctor.registry import Registry


async def main(may_load: list[str] | None, requests: int, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    reader = asyncio.StreamReader(limit=sys.maxsize)  # requests are ours, and of any length
    with os.fdopen(requests, "rb", buffering=0) as incoming:
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), incoming)
        await Host(Registry(may_load), answers).serve(reader)


if __name__ == "__main__":
    faulthandler.enable()
    nothing = os.open(os.devnull, os.O_RDONLY)
    requests, answers = own(0, nothing), os.fdopen(own(1, 2), "wb")
    try:
        asyncio.run(alone(main(json.loads(sys.argv[1]), requests, answers)))
    except (asyncio.CancelledError, RuntimeError) as error:
        sys.stderr.write(f"a step cancelled all tasks or stopped the event loop: {error!r}\n")
        sys.stderr.flush()
        os._exit(1)  # before `answers` is closed, which would be the word to end us
