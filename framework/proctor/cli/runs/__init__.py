"""A run on the screen, from what it is about to its exit code."""
