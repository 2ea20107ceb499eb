"""An issuer that cannot be reached is told to the server's operator."""

import socket

import pytest

from proctor.api.jwt_door import JwtDoor
from proctor.api.settings import JwtSettings

TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.c2ln"  # {"alg": "RS256", "kid": "k"}, {} and a made up signature


async def test_keys_that_cannot_be_fetched_are_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as silent:  # bound, so that nobody else takes the port, and not listening
        silent.bind(("127.0.0.1", 0))
        jwks = f"http://127.0.0.1:{silent.getsockname()[1]}/jwks.json"
        door = JwtDoor(JwtSettings(issuer="https://issuer.example", audience="proctor", jwks=jwks))
        assert await door.open(TOKEN) is None
    (record,) = caplog.records
    assert (record.levelname, "https://issuer.example" in record.getMessage()) == ("WARNING", True)


async def test_a_token_that_is_none_is_not_worth_a_word(caplog: pytest.LogCaptureFixture) -> None:
    settings = JwtSettings(issuer="https://issuer.example", audience="proctor", jwks="http://127.0.0.1:1/jwks.json")
    assert await JwtDoor(settings).open("a.b.c") is None
    assert caplog.records == []
