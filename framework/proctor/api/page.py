"""The page that a browser gets to try operations on, with the token of the link that was clicked.

It works without a network: nothing is loaded from elsewhere, unless somebody asks for GraphiQL.
"""

from importlib.resources import files


def graphiql() -> bytes:
    """Give the page; it takes the token from `#token=…` of its address."""
    return files("proctor.api").joinpath("page.html").read_bytes()


def link(base: str, token: str) -> str:
    """Give the address of the page, ready to click."""
    return f"{base}#token={token}"
