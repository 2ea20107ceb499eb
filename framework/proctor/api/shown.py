"""What a client may read of an error: no id but the schema's, and nothing of the server's folders and processes."""

import logging
import re
from collections.abc import Mapping

from proctor import errors
from proctor.api.ids import session_gid
from proctor.errors import ProctorError

log = logging.getLogger(__name__)

OTHERWISE: Mapping[type[ProctorError], str] = {
    errors.SessionNotFound: "There is no such session. Check the id.",
    errors.CannotCarry: "{file} cannot be carried along: {reason}. Name single files of the checkout that git lacks.",
    errors.UnknownAgent: "There is no agent called {name}. Known agents: {known}.",
    errors.TreeOwned: "The session {session_id} is being driven by another process. Wait for it, or stop it first.",
}
"""Errors that are told to a client in other words."""

WITHHELD: Mapping[type[ProctorError], str] = {
    errors.InvalidSetting: "The server's settings cannot be used. Its log tells why.",
    errors.GitFailed: "git {what} failed on the server with exit code {exit_code}. Its log tells more.",
    errors.CacheBusy: "The server's copy of the repository was in use for {seconds} s. Try again later.",
    errors.DiskUnusable: "A disk of the server cannot be used. Its log tells why. Try again later.",
    errors.DatabaseNewer: "The server's database was written by a newer Proctor. Its log tells more.",
    errors.DatabaseBusy: "The server's database was in use for {seconds} s. Try again later.",
    errors.DatabaseUnusable: "The server's database cannot be used. Its log tells why.",
}
"""Errors whose own words are for the server's log alone."""

_FOLDERS = re.compile(r"(?<![\w:/.])/(?:[^\s/:'\"(),]+/)+")
"""An absolute path, but for the last name in it."""


def shown(error: ProctorError) -> str:
    """Give the words in which a client is told of an error; what is withheld from it goes to the log."""
    facts = {name: _fact(name, value) for name, value in error.facts.items()}
    for kind, words in WITHHELD.items():
        if isinstance(error, kind):
            log.warning("a client was told less than this: %s", error, extra={"code": error.code})
            return words.format(**facts)
    words = next((words for kind, words in OTHERWISE.items() if isinstance(error, kind)), error.__doc__ or "")
    return " ".join(words.split()).format(**facts)


def _fact(name: str, value: object) -> object:
    """Give what may be told in a placeholder of an error's message."""
    if name == "session_id":
        return session_gid(str(value))
    return without_folders(str(value)) if name in ("cause", "file", "reason") else value


def without_folders(text: str) -> str:
    """Leave only the last name of each absolute path in a text."""
    return _FOLDERS.sub("…/", text)
