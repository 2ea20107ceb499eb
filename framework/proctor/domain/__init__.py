"""The pure heart: values and rules. No I/O, no clock, no randomness, no async; time and ids come in as arguments."""
