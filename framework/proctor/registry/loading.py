"""Runs the code of plugins that is no step's: what they do when they are imported, made, and given options.

It may raise anything and take its time; either is told with the plugin's name. All that it raises is the plugin's
fault, SystemExit and KeyboardInterrupt too, unless the user pressed Ctrl-C meanwhile: only a signal is the user's.

Processes are not refused to it as they are to steps. Honest libraries start some when they are imported: GitPython
asks for git's version, and `ctypes.util.find_library` asks ldconfig or a compiler. Executors and agents are made of
such. What is started lives on by itself; the commands that load plugins keep their stdout out of its reach.
"""

import logging
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from types import FrameType
from typing import NoReturn, TypeVar

from stevedore import ExtensionManager

from proctor.contracts.answers import line_of, raised, told
from proctor.contracts.conformity import Unfit
from proctor.errors import PluginBroken
from proctor.installed import OWN, Plugin
from proctor.restraint import staying

AFTER_S = 3.0
"""So long a plugin's code may take before it is told who holds everything up."""

_log = logging.getLogger("proctor.registry")

T = TypeVar("T")


def load(plugin: Plugin) -> object:
    """Import what is registered, through stevedore. Raises whatever the import does."""
    return _Loader(plugin)[plugin.name].plugin


def asked(
    plugin: Plugin, call: Callable[[], T], *, doing: str, who: str = "it", lets: tuple[type[Exception], ...] = ()
) -> T:
    """Call a plugin's code. Raises PluginBroken for all that it raises, but for what `lets` names and a real Ctrl-C.

    `doing` says what it is at, should it take long: "being imported". `who` is blamed: "its Options".
    """
    with _interrupts() as interrupts, _told_if_slow(plugin, doing), staying():
        try:
            return call()
        except lets:
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit too
            if isinstance(error, KeyboardInterrupt) and interrupts:
                raise
            raise broken(plugin, _cause(error, who)) from error


def broken(plugin: Plugin, cause: str) -> PluginBroken:
    """Make the error of a plugin that cannot be used."""
    return PluginBroken(name=plugin.name, distribution=plugin.distribution, version=plugin.version, cause=cause)


def _cause(error: BaseException, who: str) -> str:
    """Say in one line what is wrong with a plugin, or what its code raised and where."""
    text = told(error) if isinstance(error, Unfit) else f"{who} {raised(error)}"
    return " ".join(text.split())


class _Loader(ExtensionManager[object]):
    """stevedore's manager of just one plugin; what its import raises comes through."""

    def __init__(self, plugin: Plugin) -> None:
        self._entry_point = EntryPoint(plugin.name, plugin.value, plugin.group)
        super().__init__(plugin.group, on_load_failure_callback=_reraise)

    def list_entry_points(self) -> list[EntryPoint]:
        return [self._entry_point]


def _reraise(_manager: ExtensionManager[object], _entry_point: EntryPoint, error: BaseException) -> NoReturn:
    raise error


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Note the signals by which the user interrupts while the block lasts.

    They do what they did. A loop that is told of one waits for the block as well, so what takes long is ended at once.
    """
    came: list[int] = []
    begun = time.monotonic()
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield came  # no signal would raise here
        return

    def noted(number: int, frame: FrameType | None) -> None:
        came.append(number)
        handler(number, frame)
        if time.monotonic() - begun > AFTER_S:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, noted)
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, handler)


@contextmanager
def _told_if_slow(plugin: Plugin, doing: str) -> Iterator[None]:
    """Say on stderr, by the log, where a stranger's code is if it takes long. A loop that waits for it cannot tell."""
    if plugin.distribution == OWN:
        yield
        return
    timer = threading.Timer(AFTER_S, _tell, (plugin, doing, threading.get_ident()))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _tell(plugin: Plugin, doing: str, thread: int) -> None:
    frame = sys._current_frames().get(thread)  # noqa: SLF001 # documented, for tools like this
    place = line_of(traceback.extract_stack(frame)) if frame else ""
    who = f"{plugin.distribution} {plugin.version}"
    _log.error("%s is still %s after %g s%s. Everything waits for it.", who, doing, AFTER_S, place)
