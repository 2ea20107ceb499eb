"""The commands by name: one module each, in a function of that name, imported when it is invoked."""
