"""A mistake in the server's settings is told with the place where it was made."""

from pathlib import Path

import pytest

from proctor.api.settings import load
from proctor.errors import InvalidSetting


@pytest.fixture
def file(tmp_path: Path, clean: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.toml").touch()
    clean.setenv("PROCTOR_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path / "config.toml"


def told() -> str:
    with pytest.raises(InvalidSetting) as caught:
        load()
    return str(caught.value)


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PROCTOR_API__LIMITS__DEPTH", "x"),
        ("PROCTOR_API__LIMITS", '{"depth": "x"}'),
        ("PROCTOR_API", '{"limits": {"depth": "x"}}'),
        ("PROCTOR_API__LIMITS__DEEP", "1"),
        ("PROCTOR_JOBS", "0"),
    ],
)
def test_a_variable_is_named(clean: pytest.MonkeyPatch, variable: str, value: str) -> None:
    clean.setenv("PROCTOR_API__HOSTS", "[]")
    clean.setenv(variable, value)
    assert f"Correct {variable} and" in told()


def test_the_file_is_named_whatever_else_is_set(file: Path, clean: pytest.MonkeyPatch) -> None:
    clean.setenv("PROCTOR_API__LIMITS__TOKENS", "100")
    file.write_text("[api.limits]\ndepth = 0\n")
    assert f"Correct {file} and" in told()


@pytest.mark.usefixtures("file")
def test_a_list_that_is_no_json_is_laid_to_the_environment(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("PROCTOR_API__HOSTS", "example.org")
    assert "Correct the PROCTOR_ variables" in told()


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("token", ["a" * 15, "a" * 20 + "é", "a" * 10 + " " + "a" * 10, "a" * 20 + "\n", "a" * 8193])
def test_a_token_that_no_client_could_send_is_refused(clean: pytest.MonkeyPatch, token: str) -> None:
    clean.setenv("PROCTOR_TOKEN", token)
    said = told()
    assert "Correct PROCTOR_TOKEN and" in said
    assert token not in said


@pytest.mark.usefixtures("file")
def test_a_token_of_any_signs_of_ascii_is_taken(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("PROCTOR_TOKEN", "!\"#$%&'()*+,-./:~{}")
    assert load().token == "!\"#$%&'()*+,-./:~{}"
