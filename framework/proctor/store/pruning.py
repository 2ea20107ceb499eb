"""What a SQLite store forgets, a slice at a time: work for the writer, as short as a step's commit or little longer."""

import time
from collections.abc import Sequence

from proctor.contracts.retention import Pruned, Terms
from proctor.store.batch import Batch
from proctor.store.codec import Row
from proctor.store.statements import load

SQL = load("pruning.sql")
SLICE_S = 0.002
"""So long a slice goes on to take another piece."""
PIECE = 20
"""Rows that go at once."""
INCREMENTAL = 2
"""What SQLite calls a file that can give pages back without being written anew."""


def slice_of(batch: Batch, terms: Terms) -> Pruned:
    """Forget pieces of what the terms say until the slice is over. Nothing: no more is left.

    That a tree leaves ends the slice: others of the same transaction may have appended to its events before.
    """
    until, total = time.monotonic() + SLICE_S, Pruned()
    while piece := _piece(batch, terms):
        total += piece
        if piece.trees or time.monotonic() > until:
            break
    return total


def drop(batch: Batch, blob_ids: Sequence[str], terms: Terms) -> tuple[Pruned, Sequence[str]]:
    """Forget blobs that were not put again until the slice is over, and give those that are left to be tried."""
    until, total = time.monotonic() + SLICE_S, Pruned()
    for number, blob in enumerate(blob_ids, 1):
        rows = batch.execute(SQL["forget_blob"], {"blob": blob, "before": terms.blobs}).fetchall()
        total += Pruned(blobs=len(rows), bytes=_bytes(rows))
        if time.monotonic() > until:
            return total, blob_ids[number:]
    return total, ()


def shrink(batch: Batch) -> int:
    """Cut free pages off the file until the slice is over, and say how many bytes they were."""
    if _number(batch, "auto_vacuum") != INCREMENTAL:
        return 0
    until, before = time.monotonic() + SLICE_S, _number(batch, "free_pages")
    left = before
    while left and time.monotonic() < until:
        batch.execute(SQL["free"]).fetchall()  # it goes on only as long as it is asked
        left = _number(batch, "free_pages")
    return (before - left) * _number(batch, "page_size")


def _piece(batch: Batch, terms: Terms) -> Pruned:
    """Take the next piece: of a tree that is leaving, else let one leave, else of what else is too old."""
    if root := _tree(batch, "leaving"):
        return _of_leaving(batch, root)
    if terms.sessions is not None and (root := _tree(batch, "expired", terms.sessions)):
        return _leave(batch, root)
    if terms.events is not None and (root := _tree(batch, "told", terms.events)):
        return _told(batch, root)
    if terms.audit is None:
        return Pruned()
    rows = batch.execute(SQL["forget_deeds"], {"before": terms.audit, "limit": PIECE}).fetchall()
    return Pruned(deeds=len(rows), bytes=_bytes(rows))


def _leave(batch: Batch, root: str) -> Pruned:
    """Take a tree out of everybody's sight, readers' and writers'."""
    for statement in ("leave", "forget_births", "forget_pins"):
        batch.execute(SQL[statement], {"root": root})
    return Pruned(trees=1)


def _of_leaving(batch: Batch, root: str) -> Pruned:
    if rows := _rows(batch, "forget_events", root):
        return Pruned(events=len(rows), bytes=_bytes(rows))
    if rows := _rows(batch, "forget_interactions", root):
        return Pruned(interactions=len(rows), bytes=_bytes(rows))
    if rows := _rows(batch, "forget_answers", root):
        return Pruned(bytes=_bytes(rows))
    if rows := _rows(batch, "forget_sessions", root):
        return Pruned(sessions=len(rows), bytes=_bytes(rows))
    batch.execute(SQL["forget_tree"], {"root": root})
    rows = batch.execute(SQL["forget_root"], {"root": root}).fetchall()
    return Pruned(sessions=len(rows), bytes=_bytes(rows))


def _told(batch: Batch, root: str) -> Pruned:
    """Forget the oldest events of a tree, and note up to where."""
    rows = _rows(batch, "forget_events", root)
    last = max(sequence for _, sequence in rows)
    batch.execute(SQL["mark_forgotten"], {"root": root, "sequence": last})
    return Pruned(events=len(rows), bytes=_bytes(rows))


def _tree(batch: Batch, statement: str, before: float | None = None) -> str | None:
    row = batch.execute(SQL[statement], {"before": before}).fetchone()
    return str(row[0]) if row else None


def _rows(batch: Batch, statement: str, root: str) -> list[Row]:
    return batch.execute(SQL[statement], {"root": root, "limit": PIECE}).fetchall()


def _bytes(rows: Sequence[Row]) -> int:
    return sum(int(row[0]) for row in rows)


def _number(batch: Batch, statement: str) -> int:
    (number,) = batch.execute(SQL[statement]).fetchone()
    return int(number)
