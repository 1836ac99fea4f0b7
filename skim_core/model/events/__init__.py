"""Every fact that a trading day is made of.

A day's journal is a sequence of these; its state is their fold. Each is published on
the bus after it was journaled, as the signal named by its `kind`. Times are the day's
clock, in UTC.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, TypeAdapter

from skim_core.model.events.account import (
    ConnectionChanged,
    EntriesHalted,
    EntriesResumed,
    Reconciled,
)
from skim_core.model.events.days import (
    DayFinished,
    DayResumed,
    DayStarted,
    Outcome,
)
from skim_core.model.events.orders import (
    OrderAbsent,
    OrderAcknowledged,
    OrderCancelled,
    OrderCancelling,
    OrderCarried,
    OrderFilled,
    OrderIntended,
    OrderModified,
    OrderRefused,
    OrderRejected,
    OrderResolved,
    OrderSending,
    OrderUnknown,
    StopHit,
)
from skim_core.model.events.phases import (
    CandidatesAlerted,
    CandidatesJoined,
    CandidatesPurged,
    CandidatesScanned,
    OpeningRangesTracked,
    PhaseCompleted,
    PhaseFailed,
    PhaseRequested,
    PhaseRetried,
    PhaseSkipped,
    PhaseStarted,
    PhaseTicked,
    SkipReason,
)
from skim_core.model.events.positions import (
    PositionCarried,
    PositionClosed,
    PositionOpened,
    ProtectionLapsed,
    ProtectionRestored,
)

__all__ = [
    "EVENTS",
    "CandidatesAlerted",
    "CandidatesJoined",
    "CandidatesPurged",
    "CandidatesScanned",
    "ConnectionChanged",
    "DayFinished",
    "DayResumed",
    "DayStarted",
    "EntriesHalted",
    "EntriesResumed",
    "Event",
    "OpeningRangesTracked",
    "OrderAbsent",
    "OrderAcknowledged",
    "OrderCancelled",
    "OrderCancelling",
    "OrderCarried",
    "OrderFilled",
    "OrderIntended",
    "OrderModified",
    "OrderRefused",
    "OrderRejected",
    "OrderResolved",
    "OrderSending",
    "OrderUnknown",
    "Outcome",
    "PhaseCompleted",
    "PhaseFailed",
    "PhaseRequested",
    "PhaseRetried",
    "PhaseSkipped",
    "PhaseStarted",
    "PhaseTicked",
    "PositionCarried",
    "PositionClosed",
    "PositionOpened",
    "ProtectionLapsed",
    "ProtectionRestored",
    "Reconciled",
    "SkipReason",
    "StopHit",
    "event_from_json",
    "event_to_json",
]

Event: TypeAlias = (
    DayStarted
    | DayResumed
    | DayFinished
    | PhaseRequested
    | PhaseStarted
    | PhaseTicked
    | PhaseRetried
    | PhaseCompleted
    | PhaseFailed
    | PhaseSkipped
    | CandidatesPurged
    | CandidatesJoined
    | CandidatesScanned
    | OpeningRangesTracked
    | CandidatesAlerted
    | OrderIntended
    | OrderRefused
    | OrderSending
    | OrderAcknowledged
    | OrderModified
    | OrderCancelling
    | OrderFilled
    | OrderCancelled
    | OrderRejected
    | OrderAbsent
    | OrderUnknown
    | OrderResolved
    | OrderCarried
    | StopHit
    | PositionCarried
    | PositionOpened
    | PositionClosed
    | ProtectionLapsed
    | ProtectionRestored
    | EntriesHalted
    | EntriesResumed
    | ConnectionChanged
    | Reconciled
)
"""Any event; `kind` tells which."""

EVENTS: tuple[type[Event], ...] = Event.__args__
"""Every event type, in the order of a day."""

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def event_to_json(event: Event) -> str:
    """Write an event as one line of JSON that `event_from_json` reads back unchanged."""
    # What model_dump_json does, without its options: a replay writes many thousand a second.
    return event.__pydantic_serializer__.to_json(event).decode()


def event_from_json(text: str | bytes) -> Event:
    """Read an event. Raises pydantic.ValidationError for anything that is not one."""
    return _ADAPTER.validate_json(text)
