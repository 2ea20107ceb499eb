"""Strangers' steps in processes of their own, so that one that blocks, exits or crashes ends only its own process."""
