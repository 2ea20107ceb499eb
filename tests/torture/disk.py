"""A disk whose power can be cut: what was not synced survives by chance, sector by sector.

SQLite writes through it as through any file system (an APSW VFS), and its files are real ones. Beside them the disk
keeps what would be left if the power went now: of each file what was synced last, and what was written since.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import apsw

SECTOR = 512
NAME = "power-cut"


@dataclass
class Media:
    """One file: what is safe, and what was written since, in order."""

    safe: bytes = b""
    since: list[tuple[int, bytes] | int] = field(default_factory=list)
    """Writes, as place and bytes, and truncations, as the new size."""

    def sync(self) -> None:
        """Make everything safe."""
        self.safe = self.after(lambda: True)
        self.since.clear()

    def after(self, survives: Callable[[], bool]) -> bytes:
        """Give the file as it is when some of what was not synced survives."""
        image = bytearray(self.safe)
        for change in self.since:
            if isinstance(change, int):
                if survives():
                    del image[change:]
                continue
            place, data = change
            for start in range(0, len(data), SECTOR):
                if survives():
                    _put(image, place + start, data[start : start + SECTOR])
        return bytes(image)


def _put(image: bytearray, place: int, data: bytes) -> None:
    image.extend(bytes(max(0, place - len(image))))
    image[place : place + len(data)] = data


class Disk(apsw.VFS):
    """The disk. `on_change` is called before whatever changes it: that is when the power may go."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        super().__init__(NAME, "")
        self.on_change = on_change
        self.files: dict[str, Media] = {}
        self._lock = Lock()

    def xOpen(self, name: object, flags: list[int]) -> "DiskFile":  # noqa: N802 # SQLite's name
        """Open a file."""
        return DiskFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 # SQLite's name
        """Delete a file; that is taken to be safe at once, the harder case for what relies on the file."""
        with self._lock:
            self.on_change()
            self.files.pop(filename, None)
        super().xDelete(filename, syncdir)

    def media(self, name: str) -> Media:
        """Give what the disk keeps of a file. What was there before the disk was made is safe."""
        if name not in self.files:
            self.files[name] = Media(Path(name).read_bytes() if Path(name).exists() else b"")
        return self.files[name]

    def changed(self, name: str, change: tuple[int, bytes] | int | None) -> None:
        """Take note of a write, a truncation or (None) a sync."""
        with self._lock:
            self.on_change()
            media = self.media(name)
            if change is None:
                media.sync()
            else:
                media.since.append(change)

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """Give what is left of each file if the power goes now. For `on_change`."""
        return {name: media.after(lambda: chance.random() < 0.5) for name, media in self.files.items()}


class DiskFile(apsw.VFSFile):
    """An open file, the database or its log. Whatever else SQLite opens is not written through this class."""

    def __init__(self, disk: Disk, name: object, flags: list[int]) -> None:
        super().__init__("", name, flags)  # type: ignore[arg-type] # as SQLite gave it
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        disk.media(self._name)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 # SQLite's name
        """Write."""
        self._disk.changed(self._name, (offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 # SQLite's name
        """Truncate."""
        self._disk.changed(self._name, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 # SQLite's name
        """Sync. It counts from its end: until then the power may go."""
        super().xSync(flags)
        self._disk.changed(self._name, None)
