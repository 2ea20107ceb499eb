"""The name of the branch that the tests land on."""

import hashlib
import re

PREFIX = "test-context-testing-session-for-"


def branch_name(context_name: str) -> str:
    """Give the branch for a context: its name in lower case, every run of other than a–z, 0–9, `-`, `_` as one `-`."""
    slug = re.sub(r"[^a-z0-9_-]+", "-", context_name.lower()).strip("-")
    if not slug:
        slug = f"context-{hashlib.sha256(context_name.encode()).hexdigest()[:8]}"
    return PREFIX + slug
