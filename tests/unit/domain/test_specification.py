"""None of the specification's assertions can go missing."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
SPECIFICATION = HERE.parents[2] / "docs" / "specification.md"


def specified() -> set[tuple[str, str]]:
    rows = re.findall(r"^\| (\S.*?) \| (.*?) \|$", SPECIFICATION.read_text("utf-8"), re.MULTILINE)
    return {(class_of(subject), name_of(assertion)) for subject, assertion in rows if subject != "subject"}


def class_of(subject: str) -> str:
    return "Test" + "".join(word.capitalize() for word in re.findall(r"[a-zA-Z]+", subject))


def name_of(assertion: str) -> str:
    return "test_" + "_".join(re.findall(r"[a-z0-9]+", assertion.lower().replace("_", " ")))


def written() -> set[tuple[str, str]]:
    module = ast.parse((HERE / "test_orchestrator.py").read_text("utf-8"))
    classes = (node for node in module.body if isinstance(node, ast.ClassDef))
    return {(each.name, node.name) for each in classes for node in each.body if isinstance(node, ast.FunctionDef)}


def test_every_assertion_of_the_specification_is_a_test_and_every_such_test_is_specified() -> None:
    assert written() == specified()
    assert len(specified()) == 21
