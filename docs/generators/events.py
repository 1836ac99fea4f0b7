"""The reference of events, told by their models: a section each, with its fields."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from generators.reference import described
from pydantic import BaseModel

from skim_core.model.events import EVENTS

_CONSTRAINED = re.compile(r"Annotated\[(\w+), Field\([^)]*\)\]")


def events() -> Iterator[str]:
    """Yield every event: what it says, and its fields. Raises UndocumentedError for a mute one."""
    for event in EVENTS:
        yield from event_lines(event)


def event_lines(event: type[BaseModel]) -> Iterator[str]:
    """Yield one event's section. Raises UndocumentedError when it says nothing of itself."""
    kind = event.model_fields["kind"].default
    # A model without words of its own has those of the one that it is made from.
    words = inspect.cleandoc(event.__doc__) if event.__doc__ else None
    described(f"the event {kind}", words)
    yield f"## {kind}"
    yield ""
    yield from (words or "").replace("``", "`").splitlines()
    yield ""
    yield f"| field of `{event.__name__}` | type | default |"
    yield "| --- | --- | --- |"
    for name, field in event.model_fields.items():
        if name != "kind":
            default = "" if field.is_required() else f"`{_default(field)}`"
            yield f"| `{name}` | {_type(event, name)} | {default} |"
    yield ""


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return f"{type(value).__name__}()"
    return str(value) or "''"


def _type(event: type[BaseModel], name: str) -> str:
    """Return a field's type as it is written where it is declared, without its constraints."""
    owner = next(made for made in event.__mro__ if name in inspect.get_annotations(made))
    written = inspect.get_annotations(owner)[name]
    return "`" + _CONSTRAINED.sub(r"\1", written).replace("|", r"\|") + "`"
