"""Engines: how "advance session X" reaches a runner."""
