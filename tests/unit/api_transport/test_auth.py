"""Which tokens open what, and which open nothing."""

import asyncio
import base64
import json
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from proctor.api import auth
from proctor.api.auth import Auth, Grant, LocalDoor, TokenDoor, Unauthorized, digest, local_token
from proctor.api.jwt_door import JwtDoor
from proctor.api.settings import JwtSettings
from proctor.contracts.access import Token
from proctor.contracts.store import Store
from proctor.domain.scope import Scope
from proctor.errors import DatabaseBusy, InvalidSetting

KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)
CURVE_KEY = ec.generate_private_key(ec.SECP256R1())
SECRET = "s" * 43
SCOPE = Scope("acme", "one", "ann")
LATE = 4102444800.0
"""The first second of the year 2100."""


def claims(**changes: object) -> dict[str, Any]:
    given = {
        "iss": "https://issuer.example",
        "aud": "proctor",
        "sub": "ann",
        "exp": time.time() + 600,
        "proctor_role": "operator",
        "proctor_account": "acme",
        "proctor_project": "one",
    }
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def signed(key: Any = KEY, algorithm: str = "RS256", kid: str = "k1", **changes: object) -> str:
    return jwt.encode(claims(**changes), key, algorithm, headers={"kid": kid})


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    rsa_key = {**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "k1", "use": "sig"}
    curve_key = {**json.loads(ECAlgorithm.to_jwk(CURVE_KEY.public_key())), "kid": "k2", "use": "sig"}
    path.write_text(json.dumps({"keys": [rsa_key, curve_key]}))
    return path


@pytest.fixture
def door(jwks: Path) -> JwtDoor:
    return JwtDoor(JwtSettings(issuer="https://issuer.example", audience="proctor", jwks=str(jwks)))


async def test_a_signed_token_gives_role_and_scope(door: JwtDoor) -> None:
    assert await door.open(signed(exp=LATE)) == Grant("operator", SCOPE, LATE + 30)


async def test_keys_may_lie_at_a_url(jwks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    handler = partial(QuietHandler, directory=str(jwks.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        url = f"http://127.0.0.1:{server.server_port}"
        known = JwtSettings(issuer="https://issuer.example", audience="proctor", jwks=f"{url}/jwks.json")
        nowhere = known.model_copy(update={"jwks": f"{url}/none.json"})
        try:
            assert await JwtDoor(known).open(signed(exp=LATE)) == Grant("operator", SCOPE, LATE + 30)
            assert await JwtDoor(known).open(signed(OTHER_KEY)) is None
            assert await JwtDoor(nowhere).open(signed()) is None
        finally:
            server.shutdown()
            serving.join()


class QuietHandler(SimpleHTTPRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 # http.server's name
        return


FORGED: dict[str, Callable[[], str]] = {
    "expired": lambda: signed(exp=time.time() - 120),
    "not yet valid": lambda: signed(nbf=time.time() + 600),
    "no expiry": lambda: signed(exp=None),
    "no subject": lambda: signed(sub=None),
    "another issuer": lambda: signed(iss="https://evil.example"),
    "another audience": lambda: signed(aud="other"),
    "another key": lambda: signed(OTHER_KEY),
    "an unknown key": lambda: signed(kid="k9"),
    "an algorithm that is not on the list": lambda: signed(CURVE_KEY, "ES256", "k2"),
    "no algorithm": lambda: f"{part({'alg': 'none', 'kid': 'k1'})}.{part(claims())}.",
    "no algorithm, in capitals": lambda: f"{part({'alg': 'NONE', 'kid': 'k1'})}.{part(claims())}.",
    "signed with the public key as a secret": lambda: jwt.encode(claims(), "x" * 64, "HS256", headers={"kid": "k1"}),
    "no role": lambda: signed(proctor_role=None),
    "an unknown role": lambda: signed(proctor_role="root"),
    "a role of another type": lambda: signed(proctor_role=["admin"]),
    "no account": lambda: signed(proctor_account=None),
    "an empty project": lambda: signed(proctor_project=""),
    "a project of two lines": lambda: signed(proctor_project="one\ntwo"),
    "a long account": lambda: signed(proctor_account="a" * 201),
    "an empty subject": lambda: signed(sub=""),
    "a long subject": lambda: signed(sub="a" * 201),
    "a subject of two lines": lambda: signed(sub="ann\nbob"),
    "a subject with an escape": lambda: signed(sub="ann\x1b[2J"),
    "tampered with": lambda: signed().replace(".", f".{part(claims(proctor_role='admin'))}", 1),
    "not base64": lambda: "a.b.c",
    "not JSON": lambda: "YQ.YQ.YQ",
    "JSON of another shape": lambda: f"{part([])}.{part([])}.YQ",
    "nested deeply": lambda: f"{base64.urlsafe_b64encode(b'[' * 5000).decode()}.YQ.YQ",
    "no dots": lambda: "x" * 40,
}


@pytest.mark.parametrize("what", FORGED)
async def test_a_token_that_is_forged_or_stale_opens_nothing(door: JwtDoor, what: str) -> None:
    with pytest.raises(Unauthorized):
        await Auth([door]).grant(f"Bearer {FORGED[what]()}")


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS512"])
def test_algorithms_without_a_public_key_cannot_be_chosen(algorithm: str) -> None:
    with pytest.raises(ValueError, match="algorithms"):
        JwtSettings(issuer="a", audience="b", jwks="c", algorithms=[algorithm])


def test_keys_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"api\.jwt\.jwks"):
        JwtDoor(JwtSettings(issuer="a", audience="b", jwks=str(tmp_path / "none.json")))


async def test_a_stored_token_opens_until_it_is_revoked_or_expires(store: Store) -> None:
    now = 100.0
    door = TokenDoor(store, lambda: now)
    await store.add_token(Token(digest(SECRET), "ci", "viewer", SCOPE, 1.0, expires_at=200.0))
    assert await door.open(SECRET) == Grant("viewer", SCOPE, expires_at=200.0, is_revocable=True)
    assert await door.open(digest(SECRET)) is None
    now = 200.0
    assert await door.open(SECRET) is None
    now = 100.0
    await store.revoke_token("ci", now)
    assert await door.open(SECRET) is None


async def test_doors_are_tried_in_turn(store: Store, door: JwtDoor) -> None:
    auth = Auth([TokenDoor(store), door, LocalDoor(SECRET, SCOPE)])
    assert (await auth.grant(f"bearer  {SECRET} ")).role == "admin"
    assert (await auth.grant(f"Bearer {signed()}")).role == "operator"


async def test_a_token_that_is_revoked_ends_within_seconds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "LOOK_AGAIN_S", 0.01)
    await store.add_token(Token(digest(SECRET), "ci", "viewer", SCOPE, 1.0))
    ended = asyncio.create_task(Auth([TokenDoor(store)]).ended(f"Bearer {SECRET}"))
    assert not (await asyncio.wait({ended}, timeout=0.05))[0]
    await store.revoke_token("ci", 2.0)
    await asyncio.wait_for(ended, 20)


async def test_a_token_ends_when_it_expires_and_not_before(
    store: Store, door: JwtDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOOK_AGAIN_S", 3600.0)  # the end is not found by looking
    soon = time.time() + 0.2
    await store.add_token(Token(digest(SECRET), "ci", "viewer", SCOPE, 1.0, expires_at=soon))
    for token, doors in ((SECRET, [TokenDoor(store)]), (signed(exp=soon - 30), [door])):
        await asyncio.wait_for(Auth(doors).ended(f"Bearer {token}"), 20)
        assert soon <= time.time()


async def test_a_token_outlives_a_database_that_does_not_answer_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "LOOK_AGAIN_S", 0.001)
    grant = Grant("viewer", SCOPE, is_revocable=True)
    door = Moody([grant, DatabaseBusy(database="x", seconds=1), grant], None)
    await asyncio.wait_for(Auth([door]).ended(f"Bearer {SECRET}"), 20)
    assert door.left == []


class Moody:
    """A door that says one thing after the other."""

    def __init__(self, left: list[Grant | Exception], last: Grant | None) -> None:
        self.left, self.last = left, last

    async def open(self, token: str) -> Grant | None:
        said = self.left.pop(0) if self.left else self.last
        if isinstance(said, Exception):
            raise said
        return said


async def test_a_token_that_opens_nothing_has_ended_and_one_without_an_end_has_not() -> None:
    local = Auth([LocalDoor(SECRET, SCOPE)])
    await asyncio.wait_for(local.ended("Bearer nonsense"), 20)
    await asyncio.wait_for(local.ended(None), 20)
    ended = asyncio.create_task(local.ended(f"Bearer {SECRET}"))
    assert not (await asyncio.wait({ended}, timeout=0.02))[0]
    ended.cancel()


@pytest.mark.parametrize("header", [None, "", "Bearer", f"Basic {SECRET}", SECRET, "Bearer é", "Bearer " + "x" * 9000])
async def test_what_is_no_bearer_token_is_refused(header: str | None) -> None:
    with pytest.raises(Unauthorized):
        await Auth([LocalDoor(SECRET, SCOPE)]).grant(header)


def test_the_local_token_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "token"
    token = local_token(path)
    assert len(token) >= 43
    assert local_token(path) == token
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_local_token_that_others_could_read_is_replaced(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    path.write_text(SECRET)
    path.chmod(mode)
    assert local_token(path) != SECRET
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_local_token_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(SECRET)
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidSetting, match="token_file"):
        local_token(tmp_path / "token")


@pytest.mark.parametrize("content", [SECRET.encode() + b"\xc3\xa9", b"\xff" * 40])
def test_a_token_file_that_holds_something_else_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InvalidSetting, match=r"token_file.*Correct .*token"):
        local_token(path)
    assert path.read_bytes() == content


def test_servers_that_start_at_once_agree_on_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, together, found_none = tmp_path / "token", Barrier(4), auth._new_token

    def all_have_found_none(path: Path) -> Any:
        together.wait(10)
        return found_none(path)

    monkeypatch.setattr(auth, "_new_token", all_have_found_none)
    with ThreadPoolExecutor(4) as servers:
        tokens = set(servers.map(local_token, [path] * 4))
    assert tokens == {path.read_text().strip()}
    assert list(tmp_path.iterdir()) == [path]
