"""A hook's result tried out before its day takes it: what can't be kept fails the phase alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from skim_core.engine.results import record_result
from skim_core.errors import PluginError
from skim_core.model.events import PhaseCompleted, event_from_json
from skim_core.ports.boundary import Cut, described

LARGEST = 4_000_000
"""Characters of JSON that a phase's result may have: each start of the day reads it again."""


def rehearse(hook: str, declared: Any, value: object, phase: str, now: datetime) -> None:
    """Do everything with a result that recording it does, short of recording it.

    Raises PluginError when it can't be recorded: it is of another type, its own code
    raises, it would not be read back, or it is larger than `LARGEST`.
    """
    if value is None:
        return
    try:
        size = _recorded_size(hook, declared, value, phase, now)
    except (PluginError, Cut):
        raise
    except BaseException as error:
        msg = f"{hook} returned what can't be kept, {_why(error)}: return sound models."
        raise PluginError(msg) from error
    if size > LARGEST:
        msg = (
            f"{hook} returned {size / 1e6:.0f} MB, at most {LARGEST / 1e6:.0f} MB are kept: "
            "return less, and write bulky data to a file of your own."
        )
        raise PluginError(msg)


def _recorded_size(hook: str, declared: Any, value: object, phase: str, now: datetime) -> int:
    events, result = record_result(hook, declared, value, phase, now)
    size = 0
    for event in (*events, PhaseCompleted(at=now, phase=phase, result=result)):
        text = event.model_dump_json(warnings="error")
        event_from_json(text)
        size += len(text)
    return size


def _why(error: BaseException) -> str:
    if not isinstance(error, ValidationError):
        return described(error)
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, fault['loc'][1:]))}: {fault['msg']}"
