"""The schema: the types of this room, put together and described."""

import graphql
import strawberry

from proctor.api import (
    answers,
    blob,
    budget,
    enums,
    errors,
    event,
    inputs,
    interaction,
    mutations,
    next_interaction,
    node,
    pages,
    plugin,
    progress,
    queries,
    session,
    subscriptions,
    workflow,
)
from proctor.api.described import describe

MODULES = (
    answers,
    blob,
    budget,
    enums,
    errors,
    event,
    inputs,
    interaction,
    mutations,
    next_interaction,
    node,
    pages,
    plugin,
    progress,
    queries,
    session,
    subscriptions,
    workflow,
)


def build_schema() -> strawberry.Schema:
    """Build the schema. Everything in it has a description."""
    describe(MODULES)
    return strawberry.Schema(
        query=queries.Query,
        mutation=mutations.Mutation,
        subscription=subscriptions.Subscription,
        types=[session.Session, interaction.Interaction],
    )


def printed() -> str:
    """Give the schema as text, sorted by name: what is committed as `schema.graphql`."""
    plain = graphql.build_schema(build_schema().as_str())
    return graphql.print_schema(graphql.lexicographic_sort_schema(plain)) + "\n"
