"""The GraphQL API: what frontends ask, and how they are answered. No rule lives here; all of them are the service's."""
