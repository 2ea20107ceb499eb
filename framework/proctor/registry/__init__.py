"""Finds plugins: from entry points to workflows, steps, agents, executors and engines.

Names are indexed without importing anything; a plugin is loaded when it is asked for, and alone. stevedore does
the loading. Its listing is not used: that keeps a cache on disk which misses a plugin that was just installed
again, and it forgets which distribution a plugin came from and that two of them claim one name.

A plugin is *broken* if it cannot be imported, whatever it raises, or is not what its group asks for. A broken one
is listed with the cause and harms nobody but those who ask for it.
"""

from proctor.installed import OWN, Plugin
from proctor.registry.registry import Registry

__all__ = ["OWN", "Plugin", "Registry"]
