"""Executors: each carries out one kind of command."""
