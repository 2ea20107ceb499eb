"""The contract as a whole."""

from pathlib import Path

import strawberry
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType

from proctor.api.schema import printed

CONTRACT = Path(__file__).parents[3] / "schema.graphql"


def test_the_committed_contract_is_up_to_date() -> None:
    assert CONTRACT.read_text(encoding="utf-8") == printed(), "run `proctor schema print > schema.graphql`"


def test_everything_is_described(schema: strawberry.Schema) -> None:
    silent = []
    for name, kind in schema._schema.type_map.items():
        if name.startswith("__"):
            continue
        parts = {name: kind}
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            parts |= {f"{name}.{field}": value for field, value in kind.fields.items()}
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, value in kind.fields.items():
                parts |= {f"{name}.{field}({argument})": given for argument, given in value.args.items()}
        if isinstance(kind, GraphQLEnumType):
            parts |= {f"{name}.{value}": one for value, one in kind.values.items()}
        silent += [part for part, element in parts.items() if not (element.description or "").strip()]
    assert silent == []


def test_every_mutation_takes_one_input_with_a_key_and_gives_a_union(schema: strawberry.Schema) -> None:
    error = schema._schema.type_map["Error"]
    for name, field in schema._schema.mutation_type.fields.items():
        kind = name[0].upper() + name[1:]
        assert str(field.type) == f"{kind}Result!"
        assert {each: str(given.type) for each, given in field.args.items()} == {"input": f"{kind}Input!"}
        assert str(schema._schema.type_map[f"{kind}Input"].fields["idempotencyKey"].type) == "String!"
        success, *failures = sorted(field.type.of_type.types, key=lambda each: each.name != f"{kind}Success")
        assert success.name == f"{kind}Success"
        assert all(error in failure.interfaces for failure in failures)


def test_every_error_is_an_answer_of_something(schema: strawberry.Schema) -> None:
    types = schema._schema.type_map
    errors = {name for name, kind in types.items() if types["Error"] in getattr(kind, "interfaces", ())}
    unions = [kind for kind in types.values() if isinstance(kind, GraphQLUnionType)]
    assert errors <= {member.name for union in unions for member in union.types}


def test_members_of_a_union_agree_on_what_a_field_is(schema: strawberry.Schema) -> None:
    """Otherwise a client could not ask for both in one place."""
    for name, union in schema._schema.type_map.items():
        if isinstance(union, GraphQLUnionType):
            kinds: dict[str, set[str]] = {}
            for member in union.types:
                for field, value in member.fields.items():
                    kinds.setdefault(field, set()).add(str(value.type))
            assert {field: found for field, found in kinds.items() if len(found) > 1} == {}, name
