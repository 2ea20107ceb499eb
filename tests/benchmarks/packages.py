"""Runs Proctor on public packages and proves what landed.

    python tests/benchmarks/packages.py inflection humanize toolz boltons
    python tests/benchmarks/packages.py jaraco.functools python-slugify=slugify

A name is that of the distribution and of what it imports, or both with `=` between. For each: the sdist from the
package index becomes a git repository; `proctor run` works on it; the user's files, index and configuration must be
byte for byte as before; a fresh clone at the branch, with the package installed in a fresh environment, must pass the
new tests 20 times in random order with different hash seeds. Prints a line a component, a line a package, and the
same as JSON with --json FILE.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

TOOLS = ("pytest", "coverage", "freezegun", "hypothesis", "pytest-mock")
"""What Proctor and the packages' own tests need in the target environment."""
AUTHOR = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")


def run(*argv: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """Run a program and give what it wrote; its failure is ours."""
    done = subprocess.run(
        [str(part) for part in argv],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, argv))} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def repository(distribution: str, folder: Path) -> Path:
    """Make a repository of the newest sdist."""
    run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", folder, distribution)
    archive = next(folder.glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    archive.unlink()
    top = next(path for path in folder.iterdir() if path.is_dir())
    run("git", "init", "-q", top)
    run("git", "add", "-f", "-A", cwd=top)
    run("git", *AUTHOR, "commit", "-q", "-m", f"{distribution} as published", cwd=top)
    run("git", "config", "user.name", "Benchmark", cwd=top)
    run("git", "config", "user.email", "benchmark@example.org", cwd=top)
    return top


def place(package: str, top: Path) -> Path:
    """Find the package's folder or module in its repository."""
    inside = Path(*package.split("."))
    for candidate in (top / "src" / inside, top / inside, top / f"{inside}.py", top / inside / f"{inside}.py"):
        if candidate.is_file() or (candidate / "__init__.py").is_file():
            return candidate
    raise SystemExit(f"{package}: no package found in {top}")


def fingerprint(top: Path) -> dict[str, str]:
    """Digest every file of the checkout and of .git but objects and our branch."""
    passed_over = ("objects", "refs/heads/test-context", "logs")
    digests = {}
    for path in sorted(top.rglob("*")):
        name = path.relative_to(top).as_posix()
        if path.is_file() and not any(name.startswith(f".git/{part}") for part in passed_over):
            digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


def environment(folder: Path, *installed: str | Path) -> Path:
    """Make a virtual environment and give its interpreter."""
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", *installed)
    return python


def rerun(python: Path, clone: Path, files: list[str], times: int) -> int:
    """Run the new tests again and again; give how many runs were green."""
    green = 0
    for seed in range(times):
        done = subprocess.run(
            [python, "-m", "pytest", "-q", "-p", "randomly", "-p", "no:cacheprovider", "-p", "randomly", *files,
             "-o", "addopts=", f"--randomly-seed={seed}"],
            cwd=clone, env={**os.environ, "PYTHONHASHSEED": str(seed + 1)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        green += done.returncode == 0
        if done.returncode:
            print(done.stdout[-2000:])
    return green


def measured(name: str, agent: str, times: int, keep: Path | None) -> dict[str, Any]:
    """Do it all for one package."""
    distribution, _, package = name.partition("=")
    package = package or distribution
    with tempfile.TemporaryDirectory(prefix="proctor-packages-") as scratch:
        folder = Path(scratch)
        (folder / "source").mkdir()
        top = repository(distribution, folder / "source")
        target = environment(folder / "target", *TOOLS, distribution)  # for what it needs
        before, begun = fingerprint(top), time.monotonic()
        command = [sys.executable, "-m", "proctor", "run", place(package, top), "--agent", agent, "--json",
                   "--python", target, "--database", f"sqlite:///{folder}/p.db"]  # fmt: skip
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        wall = time.monotonic() - begun
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode or not lines:
            raise SystemExit(f"{package}: exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        product = next(line["data"]["product"] for line in reversed(lines) if line.get("data", {}).get("product"))
        unchanged = fingerprint(top) == before
        clone = folder / "clone"
        run("git", "clone", "-q", "--branch", product["branch"], top, clone)
        fresh = environment(folder / "fresh", *TOOLS, "pytest-randomly", clone)
        if keep:
            shutil.copytree(clone, keep / distribution, dirs_exist_ok=True)
        files = [file for file in product["files"] if file.endswith(".py")]
        return {
            "package": package,
            "seconds": round(wall, 1),
            "unchanged": unchanged,
            "green": rerun(fresh, clone, files, times),
            "runs": times,
            "tests": product["tests"],
            "bugs": sum(component["suspected_bugs"] for component in product["components"]),
            "components": product["components"],
        }


def percent(component: dict[str, Any], which: str) -> str:
    """Give a component's coverage at the baseline, after, or by the new tests alone."""
    value = (component["coverage"] or {}).get(which)
    return "-" if value is None else f"{value:.0f} %"


def middle(components: list[dict[str, Any]], which: str) -> float:
    """Give the median coverage of the components that got tests."""
    values: list[float | None] = [component["coverage"][which] for component in components if component["tests"]]
    return median(value for value in values if value is not None)


def show(report: dict[str, Any]) -> None:
    """Print a package's report."""
    for component in report["components"]:
        before, after, alone = (percent(component, which) for which in ("before", "after", "alone"))
        print(
            f"  {component['name']:<32} {component['outcome']:<8} {component['tests']:>4} tests,"
            f" {before:>5} -> {after:>5}, alone {alone:>5}"
        )
        if not component["tests"]:
            print(f"    {component['reason']}")
    before, after, alone = (f"{middle(report['components'], which):.0f} %" for which in ("before", "after", "alone"))
    print(
        f"{report['package']}: {report['tests']} tests, {before} -> {after}, alone {alone} (medians), "
        f"{report['bugs']} suspected bugs, {report['seconds']} s, {report['green']} of {report['runs']} reruns green, "
        f"checkout {'unchanged' if report['unchanged'] else 'CHANGED'}",
        flush=True,
    )


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="+")
    parser.add_argument("--agent", default="builtin")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="a folder for the clones, to read what landed")
    arguments = parser.parse_args()
    reports = []
    for package in arguments.packages:
        reports.append(measured(package, arguments.agent, arguments.times, arguments.keep))
        show(reports[-1])
    if arguments.json:
        arguments.json.write_text(json.dumps(reports, indent=2))


if __name__ == "__main__":
    main()
