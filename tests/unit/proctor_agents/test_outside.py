import ast

import pytest

from proctor_agents.outside import outsiders


@pytest.mark.parametrize(
    "source",
    [
        "def f(): open('x')",
        "def f(): import subprocess; subprocess.run([])",
        "def f(): os.remove('x')",
        "def f(): time.sleep(1)",
        "def f(): return input()",
        "def f(): return random.choice([1])",
        "def f(path): path.write_text('')",
        "def f(sock): return sock.recv(3)",
        "def f(): return g()\ndef g(): return h()\ndef h(): socket.socket()",
    ],
)
def test_a_function_that_acts_outside_is_found(source: str) -> None:
    assert "f" in outsiders(ast.parse(source))


@pytest.mark.parametrize(
    "line",
    ["KNOWN[x] = 1", "KNOWN.update(x)", "global KNOWN; KNOWN = x", "KNOWN.a.b = 1", "del KNOWN[x]", "KNOWN[0] += 1"],
)
def test_a_function_that_changes_its_module_is_found(line: str) -> None:
    assert outsiders(ast.parse(f"KNOWN = {{}}\ndef f(x): {line}")) == {"f"}


def test_a_function_that_changes_its_own_variable_is_not() -> None:
    assert outsiders(ast.parse("KNOWN = {}\ndef f(x):\n    KNOWN = {}\n    KNOWN[x] = 1\n")) == frozenset()


@pytest.mark.parametrize("name", ["delete", "remove_all", "sendMail", "main", "sys_exit", "on_quit"])
def test_some_names_are_enough(name: str) -> None:
    assert outsiders(ast.parse(f"def {name}(): pass")) == {name}


def test_a_method_that_calls_one_through_self_is_one() -> None:
    source = "class A:\n    def f(self): return self.g()\n    def g(self): open('x')\n    def h(self): return 1\n"
    assert outsiders(ast.parse(source)) == {"A.f", "A.g"}


def test_one_that_opens_a_file_only_if_it_has_to_may_be_tried() -> None:
    source = "def f(path: os.PathLike, text=None):\n    if text is None:\n        text = open(path).read()\n"
    assert outsiders(ast.parse(source)) == frozenset()


@pytest.mark.parametrize("source", ["def f(x): return os.path.join(x, 'y')", "def removed(x): return x.reopen()"])
def test_what_only_looks_like_it_is_not(source: str) -> None:
    assert outsiders(ast.parse(source)) == frozenset()
