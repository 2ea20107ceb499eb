"""Documents, parsed, validated and held against the limits once for each text."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from proctor.api.limits import Limits, check_shape, has_pages_by_variable

if TYPE_CHECKING:
    from proctor.api.compiled import Query

RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
"""Made once: graphql-core prepares each rule for a schema only the first time."""
ERRORS = 8
"""Validation ends after so many faults."""
LONGEST_KEPT = 16 * 1024
"""Characters of a text; longer ones are prepared each time, so that the cache stays small."""

ABORTED = "Parsing aborted"
"""What graphql-core says, instead of giving a type of its own, when a document goes beyond a limit of its parser."""


class Rejected(Exception):
    """A request that is not executed, and why."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


def coded(error: GraphQLError, code: str) -> GraphQLError:
    """Give the error with a code for programs; one that has a code keeps it."""
    error.extensions = {"code": code, **(error.extensions or {})}
    return error


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid document."""

    text: str
    document: DocumentNode
    operations: tuple[OperationDefinitionNode, ...]
    fragments: Mapping[str, FragmentDefinitionNode]
    has_pages_by_variable: bool
    cheap: set[str | None] = field(default_factory=set)
    """The operations that were found to be within the limit of cost, whatever their variables are."""
    compiled: dict[str | None, "Query | None"] = field(default_factory=dict)
    """The operations that were executed so far, compiled; None is one that cannot be."""

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Give the operation that is meant. Raises Rejected."""
        if name is None and len(self.operations) == 1:
            return self.operations[0]
        for operation in self.operations:
            if name is not None and operation.name is not None and operation.name.value == name:
                return operation
        if self.operations and name is None:
            raise _unknown("The document has several operations: name one with operationName.")
        raise _unknown(f"The document has no operation called {name}." if name else "The document has no operation.")

    def kind(self, name: str | None) -> OperationType:
        """Tell whether the operation is a query, a mutation or a subscription. Raises Rejected."""
        return self.operation(name).operation


class Documents:
    """Prepares documents for a schema; those used last are kept, the refused ones with their errors."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._kept: OrderedDict[str, Prepared | Rejected] = OrderedDict()

    def prepare(self, text: str) -> Prepared:
        """Give the document of a text. Raises Rejected."""
        found = self._kept.get(text)
        if found is None:
            found = self._attempt(text)
            if len(text) <= LONGEST_KEPT:
                self._keep(text, found)
        else:
            self._kept.move_to_end(text)
        if isinstance(found, Rejected):
            raise Rejected(*found.errors)
        return found

    def _keep(self, text: str, found: Prepared | Rejected) -> None:
        self._kept[text] = found
        if len(self._kept) > self._limits.documents:
            self._kept.popitem(last=False)

    def _attempt(self, text: str) -> Prepared | Rejected:
        try:
            return self._prepared(text)
        except Rejected as rejected:
            return rejected
        except GraphQLSyntaxError as error:
            return Rejected(coded(error, "limit_exceeded" if ABORTED in error.message else "syntax_error"))
        except GraphQLError as error:
            return Rejected(coded(error, "validation_error"))
        except RecursionError:
            message = "The document is nested too deeply. Ask for less at once."
            return Rejected(GraphQLError(message, extensions={"code": "limit_exceeded"}))

    def _prepared(self, text: str) -> Prepared:
        document = parse(text, max_lexical_tokens=self._limits.tokens, max_comments=self._limits.tokens)
        check_shape(document, self._limits)
        if errors := validate(self._schema, document, RULES, max_errors=ERRORS):
            raise Rejected(*(coded(error, "validation_error") for error in errors))
        definitions = document.definitions
        return Prepared(
            text,
            document,
            tuple(node for node in definitions if isinstance(node, OperationDefinitionNode)),
            {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)},
            has_pages_by_variable(document),
        )


def _unknown(message: str) -> Rejected:
    return Rejected(GraphQLError(message, extensions={"code": "unknown_operation"}))
