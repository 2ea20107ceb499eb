"""GraphiQL for browsers, with the token of the link that was clicked."""

from strawberry.http.ides import get_graphql_ide_html

_SCRIPT = """<script>
  // The part behind # is never sent to a server. GraphiQL reads its headers from the query.
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    const headers = JSON.stringify({ Authorization: `Bearer ${token}` });
    history.replaceState(null, "", `${location.pathname}?headers=${encodeURIComponent(headers)}`);
  }
</script>
"""


def graphiql() -> bytes:
    """Give the page; it takes the token from `#token=…` of its address."""
    return get_graphql_ide_html("graphiql").replace("</head>", f"{_SCRIPT}</head>", 1).encode()


def link(base: str, token: str) -> str:
    """Give the address of the page, ready to click."""
    return f"{base}#token={token}"
