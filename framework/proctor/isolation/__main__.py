"""Started by `proctor.isolation.process`: requests come on stdin, answers go to stdout, and no plugin can touch either.

The argument is the list of the distributions that may load, as JSON, or null.
"""

import asyncio
import faulthandler
import json
import os
import sys

from proctor.isolation.host import Host, own
from proctor.isolation.wire import LINE_BYTES
from proctor.registry import Registry


async def main(may_load: list[str] | None, requests: int, answers: int) -> None:
    """Answer requests until there are no more."""
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    with os.fdopen(requests, "rb", buffering=0) as incoming, os.fdopen(answers, "wb") as outgoing:
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), incoming)
        await Host(Registry(may_load), outgoing).serve(reader)


if __name__ == "__main__":
    faulthandler.enable()
    nothing = os.open(os.devnull, os.O_RDONLY)
    asyncio.run(main(json.loads(sys.argv[1]), own(0, nothing), own(1, 2)))
