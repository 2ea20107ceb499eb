"""Compiles queries: works out once what reads, resolves and writes each field that a document asks.

Only a query without directives and introspection is compiled. Which fields a selection has is asked of graphql-core.
"""

from functools import partial
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    get_argument_values,
    is_abstract_type,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails, GroupedFieldSet, collect_fields, collect_subfields
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable

from proctor.api.compiled import Field, NotPlain, Query, Request, Selection, Way
from proctor.api.documents import Prepared
from proctor.api.fields import BACKREF, Read, is_odd, read_of, resolve_of, writer

LARGEST = 500
"""Fields of a query, those of a fragment counted each time; what is larger is not compiled, and so not kept."""
NO_VARIABLES = VariableValues({}, {})


def compiled(schema: GraphQLSchema, prepared: Prepared, operation: OperationDefinitionNode) -> Query | None:
    """Compile an operation of a valid document, if it is plain."""
    if operation.operation is not OperationType.QUERY or schema.query_type is None:
        return None
    try:
        visit(prepared.document, _NoDirectives())
        compiler = _Compiler(schema, prepared, operation)
        return Query(schema, operation, compiler.variables(), compiler.root(schema.query_type))
    except NotPlain:
        return None


class _NoDirectives(Visitor):
    def enter_directive(self, _node: DirectiveNode, *_: object) -> None:
        raise NotPlain


class _Compiler:
    """Compiles one operation."""

    def __init__(self, schema: GraphQLSchema, prepared: Prepared, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._prepared = prepared
        self._operation = operation
        self._fragments = {name: FragmentDetails(node) for name, node in prepared.fragments.items()}
        self._size = 0

    def variables(self) -> dict[str, GraphQLVariableSignature]:
        signatures = [get_variable_signature(self._schema, node) for node in self._operation.variable_definitions or ()]
        return {each.name: each for each in signatures if not isinstance(each, GraphQLError)}

    def root(self, kind: GraphQLObjectType) -> Selection:
        found = collect_fields(self._schema, self._fragments, NO_VARIABLES, kind, self._operation)
        return self._selection(kind, found.grouped_field_set)

    def _selection(self, parent: GraphQLObjectType, selected: GroupedFieldSet) -> Selection:
        self._size += len(selected)
        if self._size > LARGEST:
            raise NotPlain
        plain, fields = list[tuple[str, Read, Read, bool]](), list[tuple[str, Field]]()
        for name, details in selected.items():
            node = details[0].node
            if node.name.value == "__typename":
                plain.append((name, lambda _: parent.name, str, False))
                continue
            if (field := parent.fields.get(node.name.value)) is None:
                raise NotPlain  # introspection
            way, read = self._way(field.type, details), read_of(field)
            if read is not None and way.read is not None:
                plain.append((name, read, way.read, way.may_be_null))
            else:
                fields.append((name, self._field(parent, field, node, way)))
        return Selection(_fits(parent), tuple(selected), plain, fields)

    def _field(self, parent: GraphQLObjectType, field: GraphQLField, node: FieldNode, way: Way) -> Field:
        resolve = resolve_of(field)
        if resolve is None:
            raise NotPlain
        info = GraphQLResolveInfo(
            field_name=node.name.value,
            field_nodes=[node],
            return_type=field.type,
            parent_type=parent,
            path=None,  # type: ignore[arg-type] # it is for errors, which are left to graphql-core
            schema=self._schema,
            fragments=dict(self._prepared.fragments),
            root_value=None,
            operation=self._operation,
            variable_values=NO_VARIABLES,
            context=None,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type] # it is one, but for its annotation
            abort_signal=None,
            async_helpers=None,  # type: ignore[arg-type] # strawberry shows a resolver nothing of them
        )
        return Field(resolve, info, partial(get_argument_values, field, node), way)

    def _way(self, kind: Any, details: Any) -> Way:  # any type of an answer, and graphql-core's nodes of a field
        if isinstance(kind, GraphQLNonNull):
            way = self._way(kind.of_type, details)
            return Way(False, way.read, way.fetch)
        if isinstance(kind, GraphQLList):
            return _each(self._way(kind.of_type, details))
        if isinstance(kind, GraphQLObjectType):
            selection = self._below(kind, details)
            return Way(True, fetch=selection.fetch) if selection.fields else Way(True, read=selection.read)
        return self._any_of(kind, details) if is_abstract_type(kind) else Way(True, read=writer(kind))

    def _any_of(self, kind: GraphQLAbstractType, details: Any) -> Way:
        selections = {_origin(each): self._below(each, details) for each in self._schema.get_possible_types(kind)}

        async def fetch(source: Any, request: Request) -> Any:  # an object; any JSON
            return await selections[type(source)].fetch(source, request)

        return Way(True, fetch=fetch)

    def _below(self, kind: GraphQLObjectType, details: Any) -> Selection:
        found = collect_subfields(self._schema, self._fragments, NO_VARIABLES, self._operation, kind, details)
        return self._selection(kind, found.grouped_field_set)


def _each(way: Way) -> Way:
    """Give the way of a list whose items go this way."""
    if write := way.read:

        def read(values: Any) -> list[Any]:  # a list; any JSON
            if any(value is None for value in _listed(values)):
                raise NotPlain
            return [write(value) for value in values]

        return Way(True, read=read)

    async def fetch(values: Any, request: Request) -> list[Any]:  # a list; any JSON
        return [await way.of(value, request) for value in _listed(values)]

    return Way(True, fetch=fetch)


def _listed(values: Any) -> list[Any]:  # whatever a resolver gave
    if type(values) is list:
        return values
    raise NotPlain


def _fits(kind: GraphQLObjectType) -> Any:  # the method of a set takes more than it has to
    if kind.is_type_of is not None:
        return frozenset((_origin(kind),)).__contains__
    return lambda found: not is_odd(found)


def _origin(kind: GraphQLObjectType) -> type:
    origin: type = kind.extensions[BACKREF].origin
    return origin
