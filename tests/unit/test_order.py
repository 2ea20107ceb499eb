"""What an order takes from where the user is."""

import sys
from pathlib import Path

import pytest

from proctor.app.order import active_environment


def test_the_environment_that_is_active_counts_unless_it_is_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert active_environment() is None
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    assert active_environment() is None
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert active_environment() == str(tmp_path)
