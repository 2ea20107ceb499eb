"""Documents that the schema allows or nearly allows, with real names in them about half of the time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import schemathesis
from graphql import (
    ArgumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    Visitor,
    build_schema,
    introspection_from_schema,
    parse,
    print_ast,
    visit,
)
from hypothesis import strategies as st
from schemathesis import GenerationMode
from world import Known

VALID, NEARLY = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
TYPENAME = FieldNode(alias=NameNode(value="fuzzed"), name=NameNode(value="__typename"))
MANUAL = ObjectFieldNode(name=NameNode(value="executionMode"), value=EnumValueNode(value="MANUAL"))


@dataclass(frozen=True)
class Document:
    """What is sent, and which root field it is about."""

    text: str
    field: str
    kind: OperationType


def documents(sdl: str, known: Callable[[], Known]) -> dict[float, st.SearchStrategy[Document]]:
    """Give what to send by its share of the whole; `known` tells which names there are by now."""
    schemathesis.graphql.scalar("JSON", _json())
    schema = build_schema(sdl)
    # schemathesis knows no subscriptions: they are shown to it as queries
    watching = GraphQLSchema(query=schema.subscription_type, types=[*schema.type_map.values()])
    shares = {
        0.6: _cases(schema, VALID),
        0.2: _cases(schema, NEARLY),
        0.15: _cases(watching, VALID, OperationType.SUBSCRIPTION),
        0.05: _cases(watching, NEARLY, OperationType.SUBSCRIPTION),
    }
    names = st.randoms(use_true_random=True), st.builds(known)
    return {share: st.builds(_with_names, cases, *names) for share, cases in shares.items()}


def _cases(
    schema: GraphQLSchema, mode: GenerationMode, kind: OperationType | None = None
) -> st.SearchStrategy[Document]:
    loaded = schemathesis.graphql.from_dict(dict(introspection_from_schema(schema)))
    return loaded.as_strategy(generation_mode=mode).map(lambda case: _document(case, kind))


def _document(case: Any, kind: OperationType | None) -> Document:  # schemathesis has no public name for its type
    definition = case.operation.definition
    found = kind or OperationType(definition.root_type.name.lower())
    return Document(case.body, definition.field_name, found)


def _json() -> st.SearchStrategy[ValueNode]:
    leaf = st.one_of(
        st.text(max_size=20).map(lambda text: StringValueNode(value=text)),
        st.integers().map(lambda number: IntValueNode(value=str(number))),
    )
    names = st.from_regex(r"[a-z]{1,5}", fullmatch=True)
    return st.dictionaries(names, leaf, max_size=3).map(
        lambda items: ObjectValueNode(
            fields=tuple(ObjectFieldNode(name=NameNode(value=name), value=value) for name, value in items.items())
        )
    )


def _with_names(document: Document, random: Random, known: Known) -> Document:
    naming = _Naming(document, random, known)
    return replace(document, text=print_ast(visit(parse(document.text), naming)))


class _Naming(Visitor):
    """Puts real names where a document has made-up ones, and asks for the type of each answer."""

    def __init__(self, document: Document, random: Random, known: Known) -> None:
        super().__init__()
        self._kind, self._random, self._known = document.kind, random, known
        self._names = _names(document, known)

    def leave_argument(self, node: ArgumentNode, *_: object) -> ArgumentNode:
        return replace(node, value=self._value(node.name.value, node.value))

    def leave_object_field(self, node: ObjectFieldNode, *_: object) -> ObjectFieldNode:
        return replace(node, value=self._value(node.name.value, node.value))

    def leave_object_value(self, node: ObjectValueNode, *_: object) -> ObjectValueNode:
        """Let no session run by itself: what it changes could not be told from what a refused call changed."""
        if not any(self._is_package(field.value) for field in node.fields):
            return node
        others = tuple(field for field in node.fields if field.name.value != MANUAL.name.value)
        return replace(node, fields=(*others, MANUAL))

    def leave_operation_definition(self, node: OperationDefinitionNode, *_: object) -> OperationDefinitionNode:
        fields = (self._typed(field) for field in node.selection_set.selections)
        return replace(node, operation=self._kind, selection_set=SelectionSetNode(selections=tuple(fields)))

    def _typed(self, node: Any) -> Any:  # any selection
        if not isinstance(node, FieldNode) or node.selection_set is None:
            return node
        return replace(node, selection_set=SelectionSetNode(selections=(*node.selection_set.selections, TYPENAME)))

    def _value(self, name: str, value: ValueNode) -> ValueNode:
        if isinstance(value, ListValueNode):
            return replace(value, values=tuple(self._value(name, item) for item in value.values))
        names = self._names.get(name)
        if not names or isinstance(value, EnumValueNode | ObjectValueNode) or self._random.random() < 0.5:
            return value
        chosen = self._random.choice(names)
        return IntValueNode(value=str(chosen)) if isinstance(chosen, int) else StringValueNode(value=chosen)

    def _is_package(self, value: ValueNode) -> bool:
        return isinstance(value, StringValueNode) and value.value == self._known.package


def _names(document: Document, known: Known) -> dict[str, tuple[str | int, ...]]:
    """Give the real names by argument. Only what is over is run: the rest would run by itself from then on."""
    active = tuple(session for session in known.sessions if session not in known.over)
    sessions = {"runSession": known.over, "retrySession": active}.get(document.field, known.sessions)
    return {
        "id": (*known.sessions, *known.interactions),
        "sessionId": sessions,
        "childIds": active,
        "interactionId": known.interactions,
        "after": known.cursors,
        "before": known.cursors,
        "digest": known.digests,
        "path": (known.package,),
        "only": ("larder.shelf", "larder.*"),
        "fence": (1, 2, 3),
        "first": (1, 3),
        "length": (100,),
        "idempotencyKey": ("a", "b"),
        "status": ("ok", "error", "fault"),
    }
