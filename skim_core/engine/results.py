"""What a phase hook returned, turned into the events that record it."""

from __future__ import annotations

import collections.abc
import typing
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import BaseModel

from skim_core.errors import PluginError
from skim_core.model.events import (
    CandidatesAlerted,
    CandidatesScanned,
    Event,
    OpeningRangesTracked,
)
from skim_core.model.market import Alert, Candidate, OpeningRange

_RECORDED_AS: dict[type[BaseModel], Callable[[datetime, str, tuple[Any, ...]], Event]] = {
    Candidate: lambda at, phase, items: CandidatesScanned(at=at, phase=phase, candidates=items),
    OpeningRange: lambda at, phase, items: OpeningRangesTracked(at=at, phase=phase, ranges=items),
    Alert: lambda at, phase, items: CandidatesAlerted(at=at, phase=phase, alerts=items),
}


def record_result(
    hook: str, declared: Any, value: object, phase: str, now: datetime
) -> tuple[tuple[Event, ...], Any]:
    """Return the events that record what a hook returned, and what of it is the phase's result.

    `declared` is the return annotation of the hook's specification. Raises PluginError when
    the value is not of it.
    """
    item = _item_type(declared)
    if item is not None:
        record = _RECORDED_AS.get(item)
        items = _items(hook, item, value)
        if record is None:
            return (), [found.model_dump(mode="json") for found in items]
        return (record(now, phase, items),), None
    if value is None:
        return (), None
    if isinstance(value, BaseModel) and declared is not type(None):
        return (), value.model_dump(mode="json")
    expected = "None" if declared is type(None) else "a pydantic model or None"
    msg = f"{hook} must return {expected}, found {_shown(value)}: mend its 'return'."
    raise PluginError(msg)


def _items(hook: str, item: type[BaseModel], value: object) -> tuple[Any, ...]:
    sound = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    if not sound or not all(
        isinstance(found, item) for found in typing.cast("Sequence[Any]", value)
    ):
        msg = f"{hook} must return a sequence of {item.__name__}, found {_shown(value)}."
        raise PluginError(msg)
    return tuple(typing.cast("Sequence[Any]", value))


@cache
def _item_type(declared: Any) -> type[BaseModel] | None:
    origin, arguments = typing.get_origin(declared), typing.get_args(declared)
    if origin is collections.abc.Sequence and isinstance(arguments[0], type):
        return arguments[0] if issubclass(arguments[0], BaseModel) else None
    return None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004  a line's worth
