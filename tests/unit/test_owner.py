"""Who owns a tree, and whether they still live."""

import subprocess
from dataclasses import replace

import psutil

from proctor.owner import alive, myself


def test_this_process_lives() -> None:
    assert alive(myself())


def test_another_process_lives_until_it_has_ended() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        other = replace(myself(), pid=process.pid, started=psutil.Process(process.pid).create_time())
        assert alive(other)
        process.communicate()
    assert not alive(other)


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
