"""Every fact that a trading day is made of.

A day's journal is a sequence of these; its state is their fold. Each is published on
the bus after it was journaled, as the signal named by its `kind`. Times are the day's
clock, in UTC.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from skim_core.model.base import Model, Money, Name, Price, Quantity, Symbol, UtcDatetime
from skim_core.model.graph import PhaseGraph
from skim_core.model.limits import Limits, RiskReading
from skim_core.model.market import Alert, Candidate, OpeningRange
from skim_core.model.orders import Fill, Order, OrderState, Reference, Side
from skim_core.model.session import Session


class Outcome(StrEnum):
    """How a day ended."""

    COMPLETED = "completed"
    FAILED = "failed"


class SkipReason(StrEnum):
    """Why a phase did not run."""

    BLOCKED = "blocked"
    """A phase before it failed or was skipped."""
    LATE = "late"
    """Its deadline, or the end of its window, had passed."""
    NO_WINDOW = "no_window"
    """Its window does not open in this session, a half day."""


class _Event(Model):
    at: UtcDatetime


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


class _PhaseEvent(_Event):
    phase: Name


class PhaseRequested(_PhaseEvent):
    """The sequencer decided that an attempt (or a tick) is due.

    `due` is the instant at which it was to start, `attempt` counts from 1 (for a
    repeating phase: its ticks).
    """

    kind: Literal["phase_requested"] = "phase_requested"
    attempt: Annotated[int, Field(ge=1)]
    due: UtcDatetime


class PhaseStarted(_PhaseEvent):
    """The phase's hook is being called."""

    kind: Literal["phase_started"] = "phase_started"
    attempt: Annotated[int, Field(ge=1)]


class PhaseTicked(_PhaseEvent):
    """One tick of a repeating phase is done; the next will follow while its window is open."""

    kind: Literal["phase_ticked"] = "phase_ticked"
    attempt: Annotated[int, Field(ge=1)]


class PhaseRetried(_PhaseEvent):
    """An attempt or a tick failed and another follows at `retry_at`."""

    kind: Literal["phase_retried"] = "phase_retried"
    attempt: Annotated[int, Field(ge=1)]
    error: str
    retry_at: UtcDatetime


class PhaseCompleted(_PhaseEvent):
    """The phase is done for today.

    `result` is what its hook returned when that is a model of the strategy's own, as
    JSON. `shared_from` is the run whose result this is, for a shared phase that another
    strategy ran.
    """

    kind: Literal["phase_completed"] = "phase_completed"
    reason: str = ""
    result: Any = None
    shared_from: str | None = None


class PhaseFailed(_PhaseEvent):
    """The phase failed for good; `error` says why."""

    kind: Literal["phase_failed"] = "phase_failed"
    error: str


class PhaseSkipped(_PhaseEvent):
    """The phase will not run today."""

    kind: Literal["phase_skipped"] = "phase_skipped"
    reason: SkipReason
    detail: str = ""


class CandidatesPurged(_Event):
    """The candidates and opening ranges found so far are forgotten."""

    kind: Literal["candidates_purged"] = "candidates_purged"
    symbols: tuple[Symbol, ...] | None = None


class CandidatesJoined(_PhaseEvent):
    """Scanners and filters had their say on what a phase found.

    `found`: how many candidates each scanner had, by its name. `failed`: why a scanner has
    none, by its name. `dropped`: which filter dropped a symbol, and why.
    """

    kind: Literal["candidates_joined"] = "candidates_joined"
    found: dict[Name, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    failed: dict[Name, str] = Field(default_factory=dict)
    dropped: dict[Symbol, str] = Field(default_factory=dict)


class CandidatesScanned(_PhaseEvent):
    """A phase found these candidates; they join those of the day."""

    kind: Literal["candidates_scanned"] = "candidates_scanned"
    candidates: tuple[Candidate, ...]


class OpeningRangesTracked(_PhaseEvent):
    """A phase measured these opening ranges."""

    kind: Literal["opening_ranges_tracked"] = "opening_ranges_tracked"
    ranges: tuple[OpeningRange, ...]


class CandidatesAlerted(_PhaseEvent):
    """A phase has something to tell the trader."""

    kind: Literal["candidates_alerted"] = "candidates_alerted"
    alerts: tuple[Alert, ...]


class _OrderEvent(_Event):
    reference: Reference


class OrderIntended(_Event):
    """An order was decided, within every limit; nothing is sent yet.

    `reading` is what the limits were checked against, `None` for an order that no limit
    may hold up: an exit, a stop. `by` names the phase that decided, or ``protection``.
    """

    kind: Literal["order_intended"] = "order_intended"
    order: Order
    reason: str = ""
    by: str = ""
    reading: RiskReading | None = None


class OrderRefused(_Event):
    """A limit or a halt kept an entry from being sent; `limit` names which one."""

    kind: Literal["order_refused"] = "order_refused"
    symbol: Symbol
    purpose: Name
    limit: Name
    reason: str
    by: str = ""
    reading: RiskReading | None = None


class OrderSending(_OrderEvent):
    """The order is about to be sent: journaled durably before a byte leaves."""

    kind: Literal["order_sending"] = "order_sending"


class OrderAcknowledged(_OrderEvent):
    """The broker has the order; `broker_id` is its own name for it, when it gives one."""

    kind: Literal["order_acknowledged"] = "order_acknowledged"
    broker_id: str = ""


class OrderModified(_OrderEvent):
    """A resting order is about to be changed to these."""

    kind: Literal["order_modified"] = "order_modified"
    quantity: Quantity
    limit_price: Price | None = None
    stop_price: Price | None = None
    reason: str = ""
    by: str = ""


class OrderCancelling(_OrderEvent):
    """A cancel is about to be asked for; a fill may come before it."""

    kind: Literal["order_cancelling"] = "order_cancelling"
    reason: str = ""
    by: str = ""


class OrderFilled(_Event):
    """A (part of an) order traded; `remaining` shares of it are still open."""

    kind: Literal["order_filled"] = "order_filled"
    fill: Fill
    remaining: Annotated[int, Field(ge=0)]


class OrderCancelled(_OrderEvent):
    """The rest of the order will not trade."""

    kind: Literal["order_cancelled"] = "order_cancelled"
    reason: str = ""


class OrderRejected(_OrderEvent):
    """The broker refused the order."""

    kind: Literal["order_rejected"] = "order_rejected"
    reason: str


class OrderAbsent(_OrderEvent):
    """The broker never had the order.

    `certain`: not a byte of it left. The same decision may then be sent again at once; else
    only a limit order may, whose price still holds.
    """

    kind: Literal["order_absent"] = "order_absent"
    reason: str = ""
    certain: bool = False


class OrderUnknown(_OrderEvent):
    """What became of the order can't be found out; its symbol is blocked until it is.

    `finding` says what was looked at and what was found.
    """

    kind: Literal["order_unknown"] = "order_unknown"
    finding: str


class OrderResolved(_OrderEvent):
    """A person said what became of an unknown order; its fills, if any, follow."""

    kind: Literal["order_resolved"] = "order_resolved"
    outcome: Literal["filled", "cancelled", "absent", "working"]
    why: str
    by: str


class OrderCarried(_Event):
    """An order that stood from a day before still stands.

    `executions` names its fills so far: a broker's today may have begun before the session.
    """

    kind: Literal["order_carried"] = "order_carried"
    state: OrderState
    executions: tuple[str, ...] = ()


class StopHit(_OrderEvent):
    """A protective stop traded."""

    kind: Literal["stop_hit"] = "stop_hit"
    symbol: Symbol
    stop_price: Price
    fill_price: Price


class PositionCarried(_Event):
    """A position that was held overnight is held still.

    `average_price` is what it was opened at, `commission` what that cost so far and
    `realised` what shares of it that are sold have made, before commission, in the exchange's
    currency; `quantity` in shares, negative for a short one. Price and `realised` are not
    rounded: what a position makes over several nights is then exact.
    """

    kind: Literal["position_carried"] = "position_carried"
    symbol: Symbol
    quantity: int
    average_price: Decimal
    commission: Money = Decimal(0)
    realised: Decimal = Decimal(0)
    opened_at: UtcDatetime


class PositionOpened(_Event):
    """The first shares of a position were bought (or sold short)."""

    kind: Literal["position_opened"] = "position_opened"
    symbol: Symbol
    side: Side
    quantity: Quantity
    price: Price


class PositionClosed(_Event):
    """A position is flat again; `profit` is its result after commissions."""

    kind: Literal["position_closed"] = "position_closed"
    symbol: Symbol
    quantity: Quantity
    entry_price: Decimal
    exit_price: Decimal
    profit: Money
    opened_at: dt.datetime | None = None


class ProtectionLapsed(_Event):
    """A position has had no working stop since `since`, for longer than is allowed."""

    kind: Literal["protection_lapsed"] = "protection_lapsed"
    symbol: Symbol
    since: UtcDatetime
    reason: str


class ProtectionRestored(_Event):
    """A position whose protection had lapsed has a stop again, or is flat."""

    kind: Literal["protection_restored"] = "protection_restored"
    symbol: Symbol


class EntriesHalted(_Event):
    """No entry is sent from now on; stops and exits go on. `flatten`: all is sold as well."""

    kind: Literal["entries_halted"] = "entries_halted"
    why: str
    by: str
    flatten: bool = False


class EntriesResumed(_Event):
    """Entries are allowed again; `by` is who said so."""

    kind: Literal["entries_resumed"] = "entries_resumed"
    why: str = ""
    by: str


class ConnectionChanged(_Event):
    """The line to the broker went down, or is up again; `data_lost`: subscriptions are gone."""

    kind: Literal["connection_changed"] = "connection_changed"
    up: bool
    data_lost: bool = False
    reason: str = ""


class Reconciled(_Event):
    """The journal was compared with the broker, `passes` times.

    `foreign_orders` names orders at the broker that are none of ours, `foreign_positions`
    the shares by symbol that are held beyond what our strategies hold; neither is touched.
    `differences` says in words what changed about those since the last time.
    """

    kind: Literal["reconciled"] = "reconciled"
    reason: str
    passes: Annotated[int, Field(ge=1)]
    foreign_orders: tuple[str, ...] = ()
    foreign_positions: dict[str, int] = Field(default_factory=dict)
    differences: tuple[str, ...] = ()


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
"""Every event type, in the order of this page."""

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def event_to_json(event: Event) -> str:
    """Write an event as one line of JSON that `event_from_json` reads back unchanged."""
    # What model_dump_json does, without its options: a replay writes many thousand a second.
    return event.__pydantic_serializer__.to_json(event).decode()


def event_from_json(text: str | bytes) -> Event:
    """Read an event. Raises pydantic.ValidationError for anything that is not one."""
    return _ADAPTER.validate_json(text)
