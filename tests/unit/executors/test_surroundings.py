import pytest

from proctor.executors.surroundings import allowed_environment


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "XDG_CACHE_HOME"])
def test_what_every_program_needs_is_passed(name: str) -> None:
    assert allowed_environment({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "name",
    ["MODEL_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "PYTHONPATH", "MY_PATH", "PATH_X",
     "DATABASE_URL", "GIT_DIR", "HTTPS_PROXY"],
)  # fmt: skip
def test_anything_else_is_not(name: str) -> None:
    assert allowed_environment({name: "x"}) == {}


def test_what_the_user_named_is_passed_if_it_is_there() -> None:
    assert allowed_environment({"API_KEY": "x", "OTHER": "y"}, ["API_KEY", "MISSING"]) == {"API_KEY": "x"}
