"""The schema as a page to read: every operation, type, field, argument and value, with what is said of it."""

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    NullValueNode,
    is_introspection_type,
    is_specified_scalar_type,
    print_ast,
)

ERROR = "Error"
HEAD = """# API reference

Every operation and type of the API, as [`schema.graphql`](../schema.graphql) has them. This page is printed by
`proctor schema print --markdown`; how to use what stands here is told in [the API](api.md). `!` means never null.
"""

Fields = Mapping[str, GraphQLField]


def reference(schema: GraphQLSchema) -> str:
    """Give the page, in Markdown."""
    return "\n".join([HEAD, *_operations(schema), *_types(schema)])


def _operations(schema: GraphQLSchema) -> Iterator[str]:
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    for title, root in zip(("Queries", "Mutations", "Subscriptions"), roots, strict=True):
        if root is not None:
            yield f"## {title}\n\n{_text(root.description)}\n\n{_fields(root.fields)}"


def _types(schema: GraphQLSchema) -> Iterator[str]:
    titles: dict[str, list[GraphQLNamedType]] = {}
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    for _, kind in sorted(schema.type_map.items()):
        if kind not in roots and not is_introspection_type(kind) and not is_specified_scalar_type(kind):
            titles.setdefault(_title(kind), []).append(kind)
    for title in ("Types", "Errors", "Answers", "Interfaces", "Inputs", "Enums", "Scalars"):
        if kinds := titles.get(title):
            yield f"## {title}\n"
            yield from map(_type, kinds)


def _title(kind: GraphQLNamedType) -> str:
    match kind:
        case GraphQLObjectType() if any(each.name == ERROR for each in kind.interfaces):
            return "Errors"
        case GraphQLUnionType():
            return "Answers"
        case GraphQLInterfaceType():
            return "Interfaces"
        case GraphQLInputObjectType():
            return "Inputs"
        case GraphQLEnumType():
            return "Enums"
        case GraphQLScalarType():
            return "Scalars"
    return "Types"


def _type(kind: GraphQLNamedType) -> str:
    return f"### {kind.name}\n\n{_text(kind.description)}{_relations(kind)}\n{_table(kind)}"


def _relations(kind: GraphQLNamedType) -> str:
    match kind:
        case GraphQLUnionType():
            return f" One of {_links(kind.types)}."
        case GraphQLObjectType() if kind.interfaces:
            return f" It is a kind of {_links(kind.interfaces)}."
    return ""


def _table(kind: GraphQLNamedType) -> str:
    match kind:
        case GraphQLObjectType() | GraphQLInterfaceType():
            return "\n" + _fields(kind.fields)
        case GraphQLInputObjectType():
            rows = [(f"`{name}`", _given(field), _text(field.description)) for name, field in kind.fields.items()]
            return "\n" + _rows(("name", "type", "meaning"), rows)
        case GraphQLEnumType():
            values = [(f"`{name}`", _text(value.description)) for name, value in kind.values.items()]
            return "\n" + _rows(("name", "meaning"), values)
    return ""


def _fields(fields: Fields) -> str:
    rows = [(f"`{name}`", _link(field.type), _meaning(field)) for name, field in fields.items()]
    return _rows(("name", "type", "meaning"), rows)


def _meaning(field: GraphQLField) -> str:
    arguments = [f"`{name}`: {_given(given)}. {_text(given.description)}" for name, given in field.args.items()]
    return "<br>".join([_text(field.description), *arguments])


def _given(given: GraphQLArgument | GraphQLInputField) -> str:
    """Give the type of what is given, and its default if that is worth a word."""
    default = given.ast_node.default_value if given.ast_node else None
    if default is None or isinstance(default, NullValueNode):
        return _link(given.type)
    return f"{_link(given.type)} = `{print_ast(default)}`"


def _link(kind: GraphQLType) -> str:
    match kind:
        case GraphQLNonNull():
            return f"{_link(kind.of_type)}!"
        case GraphQLList():
            return rf"\[{_link(kind.of_type)}\]"
        case GraphQLNamedType() if is_specified_scalar_type(kind):
            return kind.name
    return f"[{kind}](#{str(kind).lower()})"


def _links(kinds: Iterable[GraphQLNamedType]) -> str:
    return ", ".join(map(_link, kinds))


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _text(description: str | None) -> str:
    return " ".join((description or "").replace("|", r"\|").split())
