"""A day begins, goes on and ends."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from skim_core.model.base import Name
from skim_core.model.events.base import _Event
from skim_core.model.graph import PhaseGraph
from skim_core.model.limits import Limits
from skim_core.model.session import Session


class Outcome(StrEnum):
    """How a day ended."""

    COMPLETED = "completed"
    FAILED = "failed"


class DayStarted(_Event):
    """A trading day began; all that it needs to be run again is here.

    `config` is the strategy's validated configuration, `broker_options` the broker's (no
    secrets), `pace` how time ran, `versions` the packages' that ran. `only`: the one phase
    that was asked for, when a person ran it by hand; nobody goes on with the day unasked.
    `missed`: nobody started the day in time; `disabled`: the configuration disables the
    strategy. In both only what was open is looked after.
    """

    kind: Literal["day_started"] = "day_started"
    run_id: str
    strategy: Name
    account: str
    session: Session
    graph: PhaseGraph
    broker: str
    broker_options: dict[str, Any] = Field(default_factory=dict)
    pace: str = "fast"
    config: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    limits: Limits = Field(default_factory=Limits)
    only: Name | None = None
    missed: bool = False
    disabled: bool = False


class DayResumed(_Event):
    """Another process goes on with the day: its owner was gone, or one phase was asked for."""

    kind: Literal["day_resumed"] = "day_resumed"
    owner: str
    interrupted: tuple[Name, ...] = ()
    only: Name | None = None


class DayFinished(_Event):
    """The day is over: nothing more will run, and nothing of it is open."""

    kind: Literal["day_finished"] = "day_finished"
    outcome: Outcome
    reason: str = ""
