"""How much one caller may ask of the server, and the check of a document's shape."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    visit,
)
from pydantic import BaseModel, ConfigDict, Field

PAGES = frozenset({"first", "last"})
"""The arguments that say how long a page may be."""


class Limits(BaseModel):
    """`[api.limits]`: each can be set; what goes beyond one is refused before anything is executed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    body: int = Field(16 * 1024 * 1024, ge=1024)
    """Bytes of a request; a result with a file of 8 MiB fits."""
    message: int = Field(128 * 1024, ge=1024)
    """Bytes of one WebSocket message."""
    tokens: int = Field(2000, ge=10)
    """Lexical tokens of a document."""
    depth: int = Field(15, ge=1)
    """Fields inside each other; introspection has a limit of its own."""
    aliases: int = Field(30, ge=0)
    """Fields with another name than their own, those of fragments counted each time they are spread."""
    directives: int = Field(30, ge=0)
    """Directives in a document, counted like aliases."""
    page: int = Field(100, ge=1)
    """Entries of a list: its `first` or `last`; without them it has 20, or as many as are allowed."""
    cost: int = Field(10_000, ge=1)
    """Fields that an operation may resolve at most, pages taken as full."""
    seconds: float = Field(30.0, gt=0)
    """Time of one operation; subscriptions have none."""
    subscriptions: int = Field(50, ge=1)
    """Operations under way on one WebSocket."""
    connections: int = Field(10_000, ge=1)
    """Connections to the server."""
    documents: int = Field(1000, ge=0)
    """Documents that are kept parsed; a cache, nothing is refused."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a part of a document is once its fragments are in place."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Shape") -> "Shape":
        """Give the shape of both, one after the other."""
        return Shape(max(self.depth, other.depth), self.aliases + other.aliases, self.directives + other.directives)


@dataclass(slots=True)
class _Measure:
    """Measures selections; a fragment is measured once, and one that contains itself counts as empty there."""

    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, Shape] = field(default_factory=dict)

    def of(self, selections: SelectionSetNode | None) -> Shape:
        shape = Shape()
        for part in self._parts(selections):
            shape = shape.beside(part)
        return shape

    def _parts(self, selections: SelectionSetNode | None) -> Iterator[Shape]:
        for node in selections.selections if selections else ():
            yield Shape(directives=len(node.directives or ()))
            match node:
                case FieldNode():
                    yield self._field(node)
                case InlineFragmentNode():
                    yield self.of(node.selection_set)
                case FragmentSpreadNode():
                    yield self._fragment(node.name.value)

    def _field(self, node: FieldNode) -> Shape:
        inside = self.of(node.selection_set)
        aliased = node.alias is not None and node.alias.value != node.name.value
        depth = 0 if node.name.value.startswith("__") else inside.depth + 1
        return Shape(depth, inside.aliases + aliased, inside.directives)

    def _fragment(self, name: str) -> Shape:
        if name not in self.known:
            self.known[name] = Shape()
            if fragment := self.fragments.get(name):
                own = Shape(directives=len(fragment.directives or ()))
                self.known[name] = self.of(fragment.selection_set).beside(own)
        return self.known[name]


def check_shape(document: DocumentNode, limits: Limits) -> None:
    """Refuse a document that is too deep, or floods with aliases or directives. Raises GraphQLError.

    It is asked before validation, whose cost such documents drive up.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    measure = _Measure(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            own = Shape(directives=len(definition.directives or ()))
            _check(measure.of(definition.selection_set).beside(own), limits)


def _check(shape: Shape, limits: Limits) -> None:
    for what in ("depth", "aliases", "directives"):
        found, limit = getattr(shape, what), getattr(limits, what)
        if found > limit:
            raise beyond(what, found, limit)


def has_pages_by_variable(document: DocumentNode) -> bool:
    """Tell whether the length of any page is given by a variable."""
    finder = _PageVariables()
    visit(document, finder)
    return finder.found


class _PageVariables(Visitor):
    """Looks for a variable in an argument that says how long a page may be."""

    found = False

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        self.found = self.found or (node.name.value in PAGES and isinstance(node.value, VariableNode))


def beyond(what: str, found: float, limit: int) -> GraphQLError:
    """Make the error of a document that goes beyond a limit."""
    message = f"The document goes beyond the limit of {what}: {found:g}, and {limit} is allowed. Ask for less at once."
    return GraphQLError(message, extensions={"code": "limit_exceeded", "limit": what, "allowed": limit})
