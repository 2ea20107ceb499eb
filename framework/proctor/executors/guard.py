"""Runs one program and makes sure that nothing of it is left. Started as a program itself, by `run_process`.

Arguments: the descriptor of the lifeline, the descriptor for the status, seconds, bytes of memory (0: no limit),
seconds of grace, then the program's argv. The lifeline is a pipe whose other end only our parent holds: when it closes,
the parent is gone. Into the status goes one line: `ended CODE` (negative: killed by that signal), `late CODE`, or
`failed WHY` if the program could not be started.

Imports are few because this runs before every command; `signal` alone would add half to the start.
"""

import ctypes
import os
import resource
import select
import sys
import time

SIGKILL, SIGPIPE, SIGTERM, SIGXFSZ = 9, 13, 15, 25
PR_SET_CHILD_SUBREAPER = 36
SECONDS_TO_END = 5.0
LOOK_EVERY = 0.02


def main(lifeline: int, status: int, seconds: float, memory: int, grace: float, argv: list[str]) -> None:
    """Run the program to its end, to the end of its time or to the end of our parent."""
    os.set_inheritable(lifeline, False)
    os.set_inheritable(status, False)
    adopt_orphans()
    lower_limits(memory)
    try:
        pid = os.posix_spawnp(argv[0], argv, os.environ, setpgroup=0, setsigmask=(), setsigdef=(SIGPIPE, SIGXFSZ))
    except OSError as error:
        os.write(status, f"failed {error.strerror}: {argv[0]}\n".encode(errors="replace")[:2048])
        return
    let_go_of_output()
    code, late = watch(pid, lifeline, seconds, grace)
    end_the_rest(pid)
    os.write(status, f"{'late' if late else 'ended'} {code}\n".encode())


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, so that `setsid` hides none. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def lower_limits(memory: int) -> None:
    """Limit the address space and forbid core files, for ourselves and so for the program."""
    for kind, wanted in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, memory or resource.RLIM_INFINITY)):
        hard = resource.getrlimit(kind)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard) if wanted >= 0 else hard
        try:
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):  # macOS does not know every limit
            continue


def let_go_of_output() -> None:
    """Keep no end of the program's pipes: their readers wait for the program, not for us."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


def watch(pid: int, lifeline: int, seconds: float, grace: float) -> tuple[int, bool]:
    """Give the program's exit code, and whether its time was over."""
    code, cut = wait(pid, [lifeline], seconds)
    if code is not None:
        return code, False
    signal_group(pid, SIGTERM)
    code, _ = wait(pid, [], grace)
    if code is None:
        signal_group(pid, SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, not cut


def wait(pid: int, lifeline: list[int], seconds: float) -> tuple[int | None, bool]:
    """Wait for the program's end (its exit code), for a cut lifeline (True) or for so many seconds."""
    until = time.monotonic() + seconds
    ends = [os.pidfd_open(pid)] if sys.platform == "linux" else []
    while True:
        left = min(until - time.monotonic(), 3600.0 if ends else LOOK_EVERY)
        ready, _, _ = select.select([*lifeline, *ends], [], [], max(0.0, left))
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), False
        cut = any(descriptor in lifeline for descriptor in ready)
        if cut or time.monotonic() >= until:
            return None, cut


def end_the_rest(pid: int) -> None:
    """Kill what is left of the group, and every descendant that became a child of ours."""
    signal_group(pid, SIGKILL)
    until = time.monotonic() + SECONDS_TO_END
    while time.monotonic() < until:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for child in children():
            os.kill(child, SIGKILL)
        time.sleep(0.002)


def children() -> list[int]:
    """List our children; a child that ended stays in the list until it is waited for, so no number is stale."""
    found = []
    for name in os.listdir("/proc") if sys.platform == "linux" else ():  # noqa: PTH208 # pathlib is slow to import
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 # pathlib is slow to import
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == os.getpid():
            found.append(int(name))
    return found


def signal_group(pid: int, number: int) -> None:
    """Send a signal to the program's group, if there still is one."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):  # macOS forbids it when only zombies are left
        return


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), sys.argv[6:])
