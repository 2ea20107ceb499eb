import ast
from pathlib import Path

import pytest

from proctor_agents.lineage import lineages
from proctor_agents.recordable import recordables

FILES = {
    "shop/__init__.py": "from .box import Box\n",
    "shop/box.py": "class Thing:\n    def __init__(self, count): pass\n\nclass Box(Thing): pass\n",
    "outside.py": "class Far: pass\n",
}


def bases(root: Path, source: str) -> list[str]:
    for name, text in {**FILES, "shop/sub/till.py": source}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return [node.name for node in lineages(root, root / "shop/sub/till.py", ast.parse(source))["Till"]]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("class Till: pass", []),
        ("class Till(dict): pass", []),
        ("class Box: pass\nclass Till(Box): pass", ["Box"]),
        ("from ..box import Box\nclass Till(Box): pass", ["Box", "Thing"]),
        ("from shop.box import Box as Case\nclass Till(Case[int]): pass", ["Box", "Thing"]),
        ("from shop import Box\nclass Till(Box): pass", ["Box", "Thing"]),
        ("from ..box import Gone\nclass Till(Gone): pass", []),
        ("from ..gone import Box\nclass Till(Box): pass", []),
        (f"from {'.' * 99} import Box\nclass Till(Box): pass", []),
        ("class Till(Till): pass", ["Till"] * 8),
        ("from .till import Box\nclass Till(Box): pass", []),
    ],
)
def test_bases_are_found_where_the_package_defines_them(tmp_path: Path, source: str, found: list[str]) -> None:
    assert bases(tmp_path, source) == found


def test_nothing_outside_of_the_import_root_is_read(tmp_path: Path) -> None:
    root = tmp_path / "src"
    root.mkdir()
    (tmp_path / "far.py").write_text("class Box: pass\n", encoding="utf-8")
    assert bases(root, "from ....far import Box\nclass Till(Box): pass") == []


def test_a_class_takes_what_the_nearest_constructor_takes(tmp_path: Path) -> None:
    source = "from ..box import Box\n\nclass Till(Box): pass\n"
    bases(tmp_path, source)
    tree = ast.parse(source)
    [till] = recordables(tree, (), lineages(tmp_path, tmp_path / "shop/sub/till.py", tree))
    assert [parameter.name for parameter in till.parameters] == ["count"]
