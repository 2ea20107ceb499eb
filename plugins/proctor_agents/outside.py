"""Which functions of a module obviously act on the outside world, or on the module: they are never tried out.

One that changes a variable of its module leaves other tests a module that is not as they know it.
"""

import ast
import re
from collections.abc import Collection, Iterator

# Words in a function's own name after which nobody calls it without meaning it.
_DEEDS = {
    *("delete", "remove", "send", "main", "exit", "quit", "kill", "unlink", "rmtree", "upload", "download", "publish"),
    *("register", "unregister", "configure", "activate", "deactivate"),
    *("shutdown", "terminate", "abort", "install", "uninstall", "spawn", "fork", "sleep", "connect", "listen", "serve"),
}
_CALLS = {
    *("open", "input", "breakpoint", "sleep", "urlopen", "urlretrieve", "Popen", "check_output", "check_call"),
    *("system", "popen", "fork", "unlink", "rmtree", "rmdir", "mkdir", "makedirs", "chmod", "chown", "startfile"),
    *("getpass", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile", "TemporaryDirectory", "write_text"),
    *("write_bytes", "read_text", "read_bytes", "_exit", "getpid", "gethostname", "uuid1", "uuid4", "urandom"),
}
_MODULES = {
    *("subprocess", "socket", "shutil", "requests", "urllib3", "httpx", "smtplib", "ftplib", "webbrowser", "ctypes"),
    *("random", "secrets", "tempfile", "multiprocessing", "threading", "signal", "select", "ssl", "pdb"),
}
_HARMLESS = {"path", "fspath", "PathLike", "sep", "linesep"}
"""Names of the module os."""
# A parameter of this name is a way to the outside, and a made-up value tells nothing of the code.
_HANDLES = {"sock", "socket", "conn", "connection", "client", "server", "session", "process", "proc", "thread"}
_CHANGES = {"add", "append", "clear", "discard", "extend", "insert", "pop", "remove", "setdefault", "update"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def outsiders(tree: ast.Module) -> frozenset[str]:
    """Return the qualified names of functions and methods that act outside, by themselves or through one another."""
    functions = dict(_functions(tree))
    variables = {part.id for node in tree.body for part in _targets(node) if isinstance(part, ast.Name)}
    found = {name for name, node in functions.items() if _means_it(name) or _acts(node) or _changes(node, variables)}
    while True:
        more = {name for name, node in functions.items() if name not in found and _called(name, node) & found}
        if not more:
            return frozenset(found)
        found |= more


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, Function))
    yield from ((node.name, node) for node in tree.body if isinstance(node, Function))


def _means_it(name: str) -> bool:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rpartition(".")[2]).lower().split("_")
    return bool(_DEEDS & set(words))


def _acts(node: Function) -> bool:
    if _HANDLES & {argument.arg for argument in node.args.args}:
        return True
    # Whether a file is opened on a condition is seen when it is tried: the guard stops it then.
    tested = {id(part) for each in ast.walk(node) if isinstance(each, ast.If) for part in ast.walk(each)}
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Name(id="open")) if id(part) in tested:
                continue
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _CALLS:
                return True
            case ast.Attribute(value=ast.Name(id=name)) if name in _MODULES:
                return True
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name not in _HARMLESS:
                return True
    return False


def _targets(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            return targets
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            return [target]
    return []


def _changes(node: Function, variables: Collection[str]) -> bool:
    """Tell whether a function binds a variable of the module, or changes what one holds."""
    own = {target.id for part in ast.walk(node) for target in _targets(part) if isinstance(target, ast.Name)}
    shared = set(variables) - own - {argument.arg for argument in node.args.args}
    for part in ast.walk(node):
        match part:
            case ast.Global():
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attribute)):
                if name in shared and attribute in _CHANGES:
                    return True
        if any(_root(target) in shared for target in _targets(part) if not isinstance(target, ast.Name)):
            return True
    return False


def _root(target: ast.expr) -> str:
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def _called(name: str, node: Function) -> set[str]:
    """Return what a function calls of its own module, also through `self`."""
    owner = name.rpartition(".")[0]
    called: set[str] = set()
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Name(id=other)):
                called |= {other, f"{other}.__init__"}
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self" | "cls"), attr=other)):
                called.add(f"{owner}.{other}")
    return called
