"""Whatever stands in foreign text, it stays text: the judge is a parser of Markdown that is not ours."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from proctor.cli.reports.foreign import block, code, inline, row
from proctor.cli.wording import clean

NOTHING = "\u200b"
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = st.sampled_from(
    [*"|\\`*_[]()<>!@#~$&-+=.:\n\r\t ", "1. ", "&amp;", "<b>", "<!--", "](x)", "`|`", "\\|", "@name", "#12", "GH-7",
     "https://x.org", "www.x.org", "Fixes #1", "~~~", "```", "\n```\n", "\x1b[31m", "\x00", "\u202e", "/close"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(NASTY, st.text(max_size=5)), max_size=12).map("".join)


def tokens(document: str) -> list[Token]:
    return [inner for token in PARSER.parse(document) for inner in (token, *(token.children or ()))]


def shown(document: str) -> str:
    """Give the text that a reader sees."""
    return "".join(token.content for token in tokens(document) if token.type in ("text", "code_inline", "text_special"))


def on_one_line(text: str) -> str:
    return " ".join(clean(text).replace(NOTHING, "").split())


@given(TEXTS, TEXTS)
def test_text_in_a_table_stays_in_its_cell_and_is_shown_as_it_is(first: str, second: str) -> None:
    document = "\n".join([row("a", "b"), "| -- | -- |", row(inline(first), inline(second)), row("c", "d")])
    kinds = [token.type for token in tokens(document)]
    assert (kinds.count("table_open"), kinds.count("tr_open"), kinds.count("td_open")) == (1, 3, 4)
    cells = [token.content for token in tokens(document) if token.type == "inline"]
    assert [shown(cell).replace(NOTHING, "") for cell in cells[2:4]] == [on_one_line(first), on_one_line(second)]


@given(TEXTS)
def test_text_brings_neither_html_nor_links_nor_emphasis_nor_lists(text: str) -> None:
    kinds = {token.type for token in tokens(f"- {inline(text)}")}
    assert kinds <= {
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "paragraph_open",
        "paragraph_close", "inline", "text", "text_special",
    }  # fmt: skip


@given(TEXTS)
def test_a_forge_finds_no_mention_no_reference_and_no_address_in_it(text: str) -> None:
    assert not re.search(r"@\w|#\d|gh-\d|://|www\.|![0-9]", shown(inline(text)), re.IGNORECASE)


@given(TEXTS)
def test_a_name_is_code_or_escaped_text(text: str) -> None:
    written = code(text)
    assert shown(written).replace(NOTHING, "") == on_one_line(text) or written.startswith("`")
    assert not {"html_inline", "link_open", "image"} & {token.type for token in tokens(f"see {written}")}


@given(TEXTS)
def test_a_block_ends_where_it_should(text: str) -> None:
    found = [token for token in PARSER.parse(f"{block(text)}\n\nafter\n") if token.type != "inline"]
    assert [token.type for token in found] == ["fence", "paragraph_open", "paragraph_close"]
    assert found[0].content.strip("\n") == clean(text).strip("\n")


@pytest.mark.parametrize("name", ["shop.prices", "test_gross[1-2]", "a/b.py", "test_x @ y"])
def test_a_usual_name_is_code(name: str) -> None:
    assert code(name) == f"`{name}`"
