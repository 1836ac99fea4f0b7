"""The public modules of skim, and how they import a name only when it is first used.

Cron starts skim often and every pytest imports its plugin: a public module costs what is used of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

PUBLIC = (
    "skim_core",
    "skim_core.broker",
    "skim_core.cli",
    "skim_core.errors",
    "skim_core.events",
    "skim_core.sim",
    "skim_core.simulation",
    "skim_core.testing",
    "skim_core.testing.markets",
)
"""What a package may import of skim: the names in these modules' ``__all__``, and no others."""


def lazy(face: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a public module.

    `homes` has the module, below ``skim_core``, that each name comes from; a name that its module
    ends with is that module.
    """

    def found(name: str) -> object:
        home = homes.get(name)
        if home is None:
            msg = f"module {face!r} has no attribute {name!r}"
            raise AttributeError(msg)
        module = import_module(f"skim_core.{home}")
        return module if home.rpartition(".")[2] == name else getattr(module, name)

    return found
