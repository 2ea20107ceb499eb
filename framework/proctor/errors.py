"""Every error that Proctor raises on purpose.

An error's docstring is its message: it says what happened, to what, and what to do next. The keyword arguments
given on raising fill the placeholders and stay readable as `facts`. `code` is stable: clients may match on it.
"""

import inspect
import re
from typing import ClassVar


class ProctorError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "proctor_error"
    """Stable, for programs: the class's name in small letters."""

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        """What fills the placeholders of the message."""
        text = " ".join(inspect.cleandoc(type(self).__doc__ or "").split())
        super().__init__(text.format(**facts))


class UsageError(ProctorError):
    """The command cannot be carried out as it was given."""


class NotARepository(UsageError):
    """{path} is not inside a git repository. Run `git init` and commit there first, or name another path."""


class BareRepository(UsageError):
    """{path} is in a bare repository, which has no checkout. Name a path in a clone of it."""


class NoCommit(UsageError):
    """The repository {repository} has no commit yet. Tests are written against a commit: make one first."""


class RepositoryReadOnly(UsageError):
    """Nothing can be written to {folder}, so no branch could be made in the repository. Give yourself write access to
    it, or work in a clone of your own."""


class NoSuchPath(UsageError):
    """{path} is neither a package folder nor a Python file of the last commit ({base}). Commit it, or check the
    spelling."""


class BranchExists(UsageError):
    """The branch {branch} cannot be made in {repository}: one of that name, or one that is in its way, exists. Choose
    another name."""


class InvalidBranchName(UsageError):
    """{branch} is no name that git accepts for a branch. Choose another one."""


class CannotCarry(UsageError):
    """{file} cannot be carried along: {reason}. --carry is for single files of the checkout that git does not have."""


class UnknownAgent(UsageError):
    """There is no agent called {name}. Known agents: {known}. Add one of your own as [agents.{name}] in {file}."""


class InvalidSetting(UsageError):
    """The settings cannot be used: {reason}. Correct {where} and try again."""


class GitFailed(ProctorError):
    """git {what} failed with exit code {exit_code}: {message}"""


class GitMissing(UsageError):
    """git was not found on PATH. Install it and try again."""


class IdentityMissing(UsageError):
    """git does not know who the author of the commit is. Set user.name and user.email with `git config` and run
    again."""


class PluginBroken(ProctorError):
    """The plugin {name} of {distribution} {version} cannot be loaded: {cause}. Repair or uninstall it."""


class Halted(ProctorError):
    """Something cancelled all work of this process or stopped its event loop. The last plugin of
    another distribution that was asked is {who}. Give the same command again to go on. If it happens again, leave that
    out; a step can also be kept apart with `plugins.isolate`."""


class PluginMissing(ProctorError):
    """The {group} plugin {name} {cause}, and continue."""

    def __init__(
        self, *, cause: str = "is not installed. Install the distribution that brings it", **facts: object
    ) -> None:
        super().__init__(cause=cause, **facts)


class PluginClash(ProctorError):
    """{name} is registered more than once in {group}: by {distributions}. Uninstall all but one, or leave the
    others out with the setting `plugins.only`."""


class UnknownAnchor(ProctorError):
    """The step {step} of {distribution} wants to stand {side} {anchor}, but {workflow} has no such step
    there. Known steps: {known}. Correct the anchor or uninstall {distribution}."""


class AnchorCycle(ProctorError):
    """The steps {steps} of {distributions} are anchored in a circle and can be placed nowhere in {workflow}. Change
    an anchor or uninstall one of them."""


class AnchorAfterEnd(ProctorError):
    """The step {step} of {distribution} wants to stand after {anchor}, the last step of {workflow}. The last step
    completes the session: anchor it before {anchor}."""


class DuplicateStep(ProctorError):
    """The step {step} of {workflow} is declared twice: by {distributions}. Uninstall one of them."""


class ReplacedTwice(ProctorError):
    """The step {step} of {workflow} is replaced twice: by {successors}. Uninstall one of them, or leave its
    distribution out with the setting `plugins.only`."""


class InvalidStep(ProctorError):
    """The step {step} of {distribution} in {workflow} cannot be used: {reason}."""


class SessionNotFound(UsageError):
    """There is no session {session_id}. `proctor sessions list` shows those that exist."""


class SessionClosed(ProctorError):
    """The session {session_id} is {status}; nothing more can be done in it."""


class SessionPaused(ProctorError):
    """The session {session_id} is paused. Resume it first."""


class SessionBlocked(ProctorError):
    """The session {session_id} is blocked: {reason}"""


class StaleFence(ProctorError):
    """It is too late for fence {fence} of session {session_id}: the interaction was handed out again or closed
    meanwhile, and {current} counts now. Nothing was changed."""


class NoLease(ProctorError):
    """The interaction of session {session_id} waits for {parked} and has no lease that could run out."""


class NothingToRetry(ProctorError):
    """The session {session_id} cannot be retried: {reason}."""


class ChildrenOpen(ProctorError):
    """The interaction of session {session_id} waits for {count} of its children, and takes no result before they have
    ended. It goes on by itself then."""


class NothingPending(ProctorError):
    """The session {session_id} has no started interaction that a result could belong to."""


class IdempotencyConflict(ProctorError):
    """The key {key} was used before in session {session_id} for {operation} with other content. Use a new key."""


class Conflict(ProctorError):
    """The session {session_id} was changed by somebody else at the same moment. Try again."""


class TreeOwned(ProctorError):
    """The session {session_id} is being driven by {owner}. Wait for it, or stop it first."""


class DatabaseNewer(ProctorError):
    """The database {database} was written by a newer Proctor (schema {found}; this one knows up to {known}). Upgrade
    Proctor, or name another database with --database."""


class DatabaseBusy(ProctorError):
    """The database {database} has been held by another process for {seconds} s. Try again; if it stays so, look for a
    stopped proctor process."""


class DatabaseUnusable(UsageError):
    """The database {database} cannot be used: {reason}."""


class BlobMissing(ProctorError):
    """The stored file {blob_id} is not in the database any more."""


class EventsForgotten(ProctorError):
    """The first {forgotten} events of session {session_id} are not kept any more, and its history cannot be recorded
    without them. Keep events for longer with the setting `retention.events`."""


class UnsafePath(ProctorError):
    """{path} cannot be a file of a workspace: {reason}."""


class CacheBusy(ProctorError):
    """The lock {path} was held by another process for {seconds} s. Look for a stopped git or proctor process."""


class DiskUnusable(ProctorError):
    """The disk of {folder} cannot be used: {reason}. {remedy} and give the same command again."""


class WorkspaceChanged(ProctorError):
    """The workspace could not be made: {reason}."""


class TokenExists(UsageError):
    """There is a token called {name} already. Choose another name, or revoke it with
    `proctor token revoke {name}`."""


class TokenNotFound(UsageError):
    """There is no valid token called {name}. `proctor token list` shows those that exist."""


class NotLoopback(UsageError):
    """The host {host} can be reached from other machines, and this server would know only one token. Add --shared and
    make tokens with `proctor token create`, or leave out --host."""


class AddressUnusable(UsageError):
    """The server cannot listen on {host}, port {port}: {reason}. Choose another --host or --port."""
