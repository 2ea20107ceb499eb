"""Agents that write and repair tests."""
