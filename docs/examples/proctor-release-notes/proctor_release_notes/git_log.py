"""Report the commits since the last tag.

    python git_log.py REPOSITORY COMMIT PATH

The report is {since, commits: [{id, subject}]}, the newest first. Nothing is written to the repository.
"""

import json
import os
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Ask git, and report."""
    repository, base, path = sys.argv[1:]
    since = git(repository, "describe", "--tags", "--abbrev=0", "--", base)
    span = f"{since}..{base}" if since else base
    log = git(repository, "log", "--no-merges", "--no-show-signature", "--format=%H %s", span, "--", path)
    if log is None:
        sys.exit(f"git cannot tell what led to {base}.")
    commits = [line.partition(" ") for line in log.splitlines()]
    report = {"since": since, "commits": [{"id": commit, "subject": subject} for commit, _, subject in commits]}
    Path(os.environ["PROCTOR_REPORT"]).write_text(json.dumps(report), encoding="utf-8")


def git(repository: str, *words: str) -> str | None:
    """Give what git says; None if it fails."""
    argv = ["git", "-C", repository, "-c", "core.fsmonitor=false", *words]
    ended = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return ended.stdout.strip() if ended.returncode == 0 else None


if __name__ == "__main__":
    main()
