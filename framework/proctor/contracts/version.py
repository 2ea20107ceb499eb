"""The versions of the contracts that this Proctor keeps."""

CONTRACTS = (1,)
"""A plugin says by its `contract` for which one it was written; one that says nothing was written for the first."""
