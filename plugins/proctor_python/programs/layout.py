"""Find the test files of a project, how they are laid out, and free names for new ones."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Counter as Count
from typing import Dict, Iterator, List, Mapping, Sequence, Set, Tuple

TEST_FOLDERS = ("tests", "test")
PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini")
_SKIPPED = ("build", "dist", "node_modules", "site-packages", "venv", "env", "__pycache__")


@dataclass(frozen=True)
class Layout:
    """The test layout in use. `kind`: flat, mirror, beside (a test folder in each package folder) or none."""

    kind: str
    folder: str
    packages: bool
    """The test folder has an `__init__.py`."""


def is_test_file(name: str) -> bool:
    """Tell by its name whether pytest would collect a file."""
    return fnmatch(name, "test_*.py") or fnmatch(name, "*_test.py")


def walk(top: Path) -> Iterator[Path]:
    """Yield the Python files below a folder in order, without hidden, built, installed and linked ones from outside."""
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not name.endswith(".egg-info")
            and not Path(folder, name, "pyvenv.cfg").exists()
        )
        for name in sorted(files):
            if name.endswith(".py") and is_inside(Path(folder, name)):
                yield Path(folder, name)


def is_inside(path: Path) -> bool:
    """Tell whether a path, all links followed, lies in the work tree and is there."""
    return path.exists() and Path.cwd().resolve() in path.resolve().parents


def project_root(path: Path) -> Path:
    """Return the nearest folder above the package that has a project file, else the work tree."""
    for folder in path.parents:
        if folder == Path() or any((folder / name).exists() for name in PROJECT_FILES):
            return folder
    return Path()


def test_files(root: Path) -> List[Path]:
    """Return all test files of the project."""
    return [path for path in walk(root) if is_test_file(path.name)]


def suite_paths(files: Sequence[Path], root: Path) -> List[str]:
    """Return what pytest is given to run them all: topmost test folders, and test files outside of these."""
    found = []
    for path in files:
        inside = path.relative_to(root).parts[:-1]
        depth = next((n for n, part in enumerate(inside, 1) if part in TEST_FOLDERS), None)
        found.append((root.joinpath(*inside[:depth]) if depth else path).as_posix())
    return list(dict.fromkeys(found))


def detect(files: Sequence[Path], modules: Mapping[str, str], root: Path) -> Layout:
    """Let each test file that bears a module's name vote for where such files belong."""
    votes: Count[Tuple[str, str]] = Counter()
    homes: Count[str] = Counter()
    for path in files:
        if any(part in TEST_FOLDERS for part in path.parts[:-1]):
            homes[path.parent.as_posix()] += 1
        for module, source in modules.items():
            if _stem(path.name) == module.rsplit(".", 1)[-1]:
                votes[_vote(path.parent, PurePosixPath(source).parent, module)] += 1
    if not homes:
        homes.update(_by_another_name(files, modules, root))
    if not homes:
        return Layout("none", _new_folder(root).as_posix(), packages=False)
    folders = Counter({folder: 0 for _, folder in votes})
    for (kind, folder), count in votes.items():
        folders[folder] += 0 if kind == "beside" else count
    beside = sum(count for (kind, _), count in votes.items() if kind == "beside")
    if beside > max(folders.values(), default=0):
        name = next(folder for kind, folder in votes if kind == "beside")
        return Layout("beside", name, packages=False)
    best = folders.most_common(1)[0][0] if folders else min(homes, key=lambda name: (-homes[name], name))
    if not any(part in TEST_FOLDERS for part in PurePosixPath(best).parts):
        best = min(homes, key=lambda name: (-homes[name], name))
    kind = "mirror" if votes[("mirror", best)] else "flat"
    return Layout(kind, best, packages=Path(best, "__init__.py").exists())


def _by_another_name(files: Sequence[Path], modules: Mapping[str, str], root: Path) -> Iterator[str]:
    """Yield the folders of test files that are called `testing`, `unittests` or the like, and hold no component."""
    sources = {Path(source).parent for source in modules.values()}
    for path in files:
        if "test" in path.parent.name and path.parent not in {root, *sources}:
            yield path.parent.as_posix()


def _new_folder(root: Path) -> Path:
    """Choose a folder for the first tests: the usual one, unless it is a file or a link that leads elsewhere."""
    names = (*TEST_FOLDERS, "proctor_tests")
    free = (root / name for name in names if not os.path.lexists(root / name) or _is_folder(root / name))
    return next(free, root / names[-1])


def _is_folder(path: Path) -> bool:
    return path.is_dir() and is_inside(path)


def reserve(layout: Layout, modules: Mapping[str, str], files: Sequence[Path]) -> Dict[str, str]:
    """Return a free name of a test file for each module: free on disk, as an imported name and among each other."""
    taken = {_import_name(path) for path in files} | {path.as_posix() for path in files}
    return {module: _free(_place(layout, module, source), taken) for module, source in modules.items()}


def _stem(name: str) -> str:
    stem = name[: -len(".py")]
    return stem[len("test_") :] if stem.startswith("test_") else stem[: -len("_test")]


def _vote(tests: Path, source: PurePosixPath, module: str) -> Tuple[str, str]:
    if tests.parent.as_posix() == source.as_posix() and tests.name in TEST_FOLDERS:
        return "beside", tests.name
    for inside in _inside(module, source):
        if inside and tests.parts[-len(inside) :] == inside and len(tests.parts) > len(inside):
            return "mirror", Path(*tests.parts[: -len(inside)]).as_posix()
    return "flat", tests.as_posix()


def _inside(module: str, source: PurePosixPath) -> List[Tuple[str, ...]]:
    """Return the folders of a module below its package, with the package's own name and without."""
    parts = tuple(part for part in module.split(".") if part in source.parts)
    return [parts, parts[1:]]


def _place(layout: Layout, module: str, source: str) -> Path:
    last = module.rsplit(".", 1)[-1]
    dotted = "test_" + module.replace(".", "_") + ".py"
    folder = Path(layout.folder)
    if layout.kind == "beside":
        beside = [parent / layout.folder for parent in Path(source).parents]
        folder = next((place for place in beside if _is_folder(place)), beside[0])
    elif layout.kind == "mirror":
        mirrored = [folder.joinpath(*inside) for inside in _inside(module, PurePosixPath(source).parent) if inside]
        folder = next((place for place in mirrored if _is_folder(place)), folder)
    packages = (folder / "__init__.py").exists()
    if layout.kind == "beside":
        own = folder.parent == Path(source).parent
    else:
        own = folder != Path(layout.folder) or module.count(".") <= 1
    return folder / (f"test_{last}.py" if packages and own else dotted)


def _free(wanted: Path, taken: Set[str]) -> str:
    number, path = 0, wanted
    while path.as_posix() in taken or _import_name(path) in taken or path.exists():
        number += 1
        path = wanted.with_name(f"{wanted.stem}_proctor{'' if number == 1 else f'_{number}'}.py")
    taken.update((path.as_posix(), _import_name(path)))
    return path.as_posix()


def _import_name(path: Path) -> str:
    """Return the name under which pytest imports a test file: two files of one name cannot run together."""
    name, folder = path.stem, path.parent
    while (folder / "__init__.py").exists() and folder.name:
        name, folder = f"{folder.name}.{name}", folder.parent
    return f"{folder.as_posix()}:{name}" if "." in name else name
