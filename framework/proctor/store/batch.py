"""One transaction over the requests of many: events are numbered and trees counted once, at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from proctor.domain.budget import Spent
from proctor.domain.interaction import Usage
from proctor.errors import SessionNotFound
from proctor.store.codec import Row
from proctor.store.statements import load

SQL = load("sqlite.sql")
SET_BACK_S = 3600.0
"""By so much, processes of one machine do not differ in what time it is: somebody has set the clock back."""


@dataclass(slots=True)
class Tally:
    """What a transaction adds to a tree."""

    last_event: int
    sessions: int = 0
    spent: Usage = Usage()


class Batch:
    """An open transaction."""

    def __init__(self, connection: Connection) -> None:
        self.execute = connection.execute
        self._connection = connection
        self._tallies: dict[str, Tally] = {}
        self._events: list[Row] = []

    def add(self, root: str, news: Sequence[Row], *, sessions: int = 0, spent: Usage | None = None) -> None:
        """Append news under the next numbers, and count.

        It is the last thing that a request does: nothing after it may fail, so a request that is undone has taken no
        number.
        """
        tally = self._tally(root)
        self._events += [(root, number, *item) for number, item in enumerate(news, tally.last_event + 1)]
        tally.last_event += len(news)
        tally.sessions += sessions
        if spent is not None:
            tally.spent += spent

    def spent(self, root: str) -> Spent:
        """Give what a tree has spent, with what this transaction adds. Raises SessionNotFound."""
        tally, row = self._tally(root), self.execute(SQL["spent"], (root,)).fetchone()
        seconds, tokens, money, sessions = row
        return Spent(seconds, tokens, money, sessions + tally.sessions).plus(tally.spent)

    def count_time(self, root: str, since: float, until: float) -> None:
        """Add a stretch of time to what a tree has spent."""
        self.execute(SQL["count_time"], {"root": root, "since": since, "until": until, "set_back": SET_BACK_S})

    def finish(self) -> dict[str, int]:
        """Write what was collected, and give the number of each tree's last event."""
        self._connection.executemany(SQL["insert_event"], self._events)
        for root, tally in self._tallies.items():
            parameters = {
                "root": root,
                "events": tally.last_event,
                "sessions": tally.sessions,
                "input_tokens": tally.spent.input_tokens,
                "output_tokens": tally.spent.output_tokens,
                "cost_usd": tally.spent.cost_usd,
            }
            self.execute(SQL["count_tree"], parameters)
        return {root: tally.last_event for root, tally in self._tallies.items()}

    def _tally(self, root: str) -> Tally:
        if root not in self._tallies:
            row = self.execute(SQL["last_event"], {"root": root}).fetchone()
            if row is None:
                raise SessionNotFound(session_id=root)
            self._tallies[root] = Tally(row[0])
        return self._tallies[root]
