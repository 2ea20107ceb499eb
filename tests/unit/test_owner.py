"""Who owns a tree, and whether they still live."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from unittest import mock

import psutil
import pytest

from proctor.contracts.store import Owner
from proctor.owner import alive, myself

ANOTHER = """
import json, sys
from dataclasses import asdict
from proctor.owner import myself
print(json.dumps(asdict(myself())), flush=True)
sys.stdin.read()
"""


def test_this_process_lives() -> None:
    assert alive(myself())


@pytest.fixture
def another() -> Iterator["subprocess.Popen[str]"]:
    """Give a process that says who it is, and ends when its input does."""
    argv = [sys.executable, "-c", ANOTHER]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def owner_of(process: "subprocess.Popen[str]") -> Owner:
    assert process.stdout is not None
    return Owner(**json.loads(process.stdout.readline()))


def test_another_process_lives_until_it_has_ended(another: "subprocess.Popen[str]") -> None:
    other = owner_of(another)
    assert alive(other)
    another.communicate()
    assert not alive(other)


def test_one_that_has_ended_is_gone_although_nobody_asked_for_it(another: "subprocess.Popen[str]") -> None:
    other = owner_of(another)
    another.kill()
    os.waitid(os.P_PID, another.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(other)


@pytest.mark.parametrize("seconds", [-7200, 7200])
def test_another_process_lives_whatever_the_clock_is_set_to(another: "subprocess.Popen[str]", seconds: int) -> None:
    other = owner_of(another)
    moved = psutil.boot_time() + seconds  # what the kernel tells once its clock has been set
    with mock.patch.multiple("psutil._pslinux" if sys.platform == "linux" else psutil, boot_time=lambda: moved):
        assert alive(other)


def test_a_process_from_before_the_last_boot_is_gone() -> None:
    assert not alive(replace(myself(), boot="an earlier one"))


def test_a_later_process_with_the_same_id_is_another_one() -> None:
    assert not alive(replace(myself(), started=myself().started - 60))


def test_the_process_that_had_this_number_a_moment_ago_is_another_one() -> None:
    assert not alive(replace(myself(), started=myself().started - 1))


def test_a_process_on_another_machine_is_taken_to_live() -> None:
    assert alive(replace(myself(), host="another", boot="another", machine="another", pid=2**22 + 1))


def test_a_machine_with_a_new_name_is_no_stranger() -> None:
    assert alive(replace(myself(), host="its old name"))
    assert not alive(replace(myself(), host="its old name", boot="an earlier one"))


def test_what_started_with_this_boot_is_ours_whatever_the_machine_is_called() -> None:
    assert not alive(replace(myself(), host="another", machine="another", pid=2**22 + 1))


def test_an_owner_is_named_by_process_and_machine() -> None:
    assert str(replace(myself(), host="anvil", pid=7)) == "process 7 on anvil"
