"""The schema as a page to read."""

from pathlib import Path

from click.testing import CliRunner
from graphql import build_schema

from proctor.api.reference import reference
from proctor.api.schema import printed
from proctor.cli.commands.schema import schema

PAGE = Path(__file__).parents[3] / "docs" / "api-reference.md"

SMALL = '''
"""What can be asked."""
type Query {
  """Find shelves."""
  shelves(
    """How many."""
    first: Int! = 20
    """Which."""
    only: Filter = null
  ): [Shelf!]!
}

"""Where things lie."""
type Shelf implements Place {
  """Its height | width."""
  size: Size
  """What it is called."""
  name: String!
}

interface Place { name: String! }

interface Error { message: String! }

"""There is none."""
type Missing implements Error { message: String! }

"""A shelf, or why not."""
union Answer = Shelf | Missing

"""How large."""
enum Size {
  """Very."""
  LARGE
}

"""Which."""
input Filter {
  """Of which size."""
  size: Size = LARGE
}
'''


def test_the_page_is_up_to_date() -> None:
    page = reference(build_schema(printed()))
    assert PAGE.read_text("utf-8") == page, "run `proctor schema print --markdown > docs/api-reference.md`"


def test_the_command_prints_the_page() -> None:
    assert CliRunner().invoke(schema, ["print", "--markdown"]).output == PAGE.read_text("utf-8")


def test_fields_have_their_types_with_links_and_their_arguments() -> None:
    page = reference(build_schema(SMALL))
    assert "| `shelves` | \\[[Shelf](#shelf)!\\]! | Find shelves.<br>`first`: Int! = `20`. How many." in page
    assert "<br>`only`: [Filter](#filter). Which. |" in page
    assert "| `size` | [Size](#size) | Its height \\| width. |" in page
    assert "| `size` | [Size](#size) = `LARGE` | Of which size. |" in page
    assert "| `LARGE` | Very. |" in page


def test_types_stand_under_their_kind_and_name_their_kin() -> None:
    page = reference(build_schema(SMALL))
    titles = [line.lstrip("# ") for line in page.splitlines() if line.startswith("##")]
    assert titles[:3] == ["Queries", "Types", "Shelf"]
    assert titles[3:7] == ["Errors", "Missing", "Answers", "Answer"]
    assert titles[7:] == ["Interfaces", "Error", "Place", "Inputs", "Filter", "Enums", "Size"]
    assert "A shelf, or why not. One of [Shelf](#shelf), [Missing](#missing)." in page
    assert "There is none. It is a kind of [Error](#error)." in page
