import pytest

from proctor_agents.cases import cases_of
from proctor_agents.doctests import harvest


def parted(*prompts: str) -> list[str]:
    """Part a docstring's prompts; each case comes back as one line."""
    lines = "".join(f">>> {prompt}\n" for prompt in prompts).replace("=> ", "\n")
    [subject] = harvest(f'"""\n{lines}"""')
    return ["; ".join(example.source for example in case) for case in cases_of(subject.examples)]


@pytest.mark.parametrize(
    ("prompts", "cases"),
    [
        (("f(1)=> 1", "f(2)=> 2"), ["f(1)", "f(2)"]),
        (("x = g()", "f(x)=> 1", "f(2)=> 2"), ["x = g(); f(x)", "f(2)"]),
        (("x = g()", "f(x)=> 1", "x = h()", "f(x)=> 2"), ["x = g(); f(x)", "x = h(); f(x)"]),
        (("x = g()", "f(x)=> 1", "x = h(x)", "f(x)=> 2"), ["x = g(); f(x); x = h(x); f(x)"]),
        (("x = g()", "k = lambda: x", "x = h()", "k()=> 2"), ["x = g(); k = lambda: x; x = h(); k()"]),
        (("n = 5", "f(n)=> 1", "g(n)=> 2"), ["n = 5; f(n)", "n = 5; g(n)"]),
        (("import m", "m.f()=> 1", "g()=> 2"), ["import m; m.f()", "g()"]),
        (("f()=> 1", "seed(1)", "f(1)=> 1", "f(2)=> 2"), ["f()", "seed(1); f(1); f(2)"]),
        (("x = []", "x.append(1)", "x=> [1]", "f()=> 2"), ["x = []; x.append(1); x", "f()"]),
        (("count()=> 1", "count()=> 2", "f()=> 3"), ["count(); count(); f()"]),
        (("class A: pass", "class B(A): pass", "f(A)=> [B]"), ["class A: pass; class B(A): pass; f(A)"]),
        (
            ("class A: pass", "class B(A): pass", "g(B)=> 1", "f(A)=> 2"),
            ["class A: pass; class B(A): pass; g(B); f(A)"],
        ),
    ],
)
def test_examples_share_a_test_only_if_they_need_each_other(prompts: tuple[str, ...], cases: list[str]) -> None:
    assert parted(*prompts) == cases
