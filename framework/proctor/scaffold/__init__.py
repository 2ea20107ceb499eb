"""For authors of plugins: the first version of a plugin, as files that work as they are."""
