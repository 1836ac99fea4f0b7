"""The phases that skim's own hooks name: they are commands too."""

from __future__ import annotations

import inspect

from skim_core.ports import hookspecs


def phase_names() -> tuple[str, ...]:
    """Return the names of the phases that have a hook of skim's, in their usual order."""
    return tuple(
        name.removeprefix("skim_")
        for name, hook in vars(hookspecs).items()
        if name.startswith("skim_")
        and inspect.isfunction(hook)
        and list(inspect.signature(hook).parameters) == ["ctx"]
    )
