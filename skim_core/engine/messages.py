"""What a day in the local engine is told, through its inbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from skim_core.engine.attempt import Raised, Returned
from skim_core.engine.shared import SharedFailure, SharedResult
from skim_core.errors import JournalError
from skim_core.ports.broker import BrokerNotice
from skim_core.ports.engine import DayEnd


@dataclass(frozen=True, slots=True)
class Wake:
    """It is time to plan again."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The day is to be left as it is."""

    end: DayEnd
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """A shared phase that another day ran has an outcome."""

    phase: str
    attempt: int
    outcome: SharedResult | SharedFailure


@dataclass(frozen=True, slots=True)
class Broke:
    """The day's run can't go on."""

    error: JournalError


@dataclass(frozen=True, slots=True)
class ControlsChanged:
    """People said something that may concern the day."""


Message: TypeAlias = Wake | Stop | Returned | Raised | Told | Broke | ControlsChanged | BrokerNotice
