"""What may stand in a document that is handed to others."""

from pathlib import Path

from proctor.history.discretion import Discretion


def test_values_that_are_secrets_by_their_name_are_taken_out_and_told() -> None:
    discretion = Discretion()
    value = {"options": {"api_key": "k-123", "max_tokens": 5, "author": "Somebody", "GITHUB_TOKEN": "t"}}
    assert discretion.applied(value) == {
        "options": {"api_key": "[redacted]", "max_tokens": 5, "author": "Somebody", "GITHUB_TOKEN": "[redacted]"}
    }
    assert discretion.redacted == ["options.api_key", "options.GITHUB_TOKEN"]


def test_of_variables_that_a_command_sets_only_the_names_are_told() -> None:
    discretion = Discretion()
    told = discretion.applied({"arguments": {"environment": {"KEY": "k-123", "LANG": "C"}}})
    assert told == {"arguments": {"environment": {"KEY": "[redacted]", "LANG": "[redacted]"}}}
    assert discretion.redacted == ["arguments.environment.KEY", "arguments.environment.LANG"]


def test_who_logs_in_to_a_repository_is_taken_out_of_its_address() -> None:
    discretion = Discretion()
    assert discretion.applied(["clone https://me:pass@example.org/r.git"]) == [
        "clone https://[redacted]@example.org/r.git"
    ]
    assert discretion.redacted == ["[0]"]


def test_whose_home_it_is_is_hidden_and_the_length_kept() -> None:
    told = Discretion(Path("/home/alice")).applied({"/home/alice/f": "in /home/alice/shop, not /home/alicent"})
    assert told == {"/home/xxxxx/f": "in /home/xxxxx/shop, not /home/alicent"}


def test_a_long_output_keeps_its_beginning_and_its_end() -> None:
    discretion = Discretion()
    told = discretion.applied({"stdout": "a" * 3000 + "b" * 3000, "stderr": "short"})
    assert told["stdout"] == "a" * 1000 + "\n[2000 characters left out]\n" + "b" * 3000
    assert told["stderr"] == "short"
    assert discretion.shortened == ["stdout"]


def test_of_a_long_file_of_a_command_only_the_digest_is_kept_unless_it_is_json() -> None:
    told = Discretion().applied({"inputs": {"a.py": "x" * 2000, "b.py": "short", "c.json": "{" + " " * 2000 + "}"}})
    assert told["inputs"]["a.py"].keys() == {"sha256", "characters"}
    assert told["inputs"]["b.py"] == "short"
    assert told["inputs"]["c.json"].startswith("{")


def test_doing_it_twice_changes_nothing_more() -> None:
    value = {"inputs": {"a.py": "x" * 2000}, "token": "t", "text": "https://u:p@h/", "stdout": "o" * 9000}
    once = Discretion(Path("/home/alice")).applied(value)
    assert Discretion().applied(once)["inputs"] == once["inputs"]
    assert Discretion().applied(once)["token"] == once["token"]
    assert Discretion().applied(once)["text"] == once["text"]
