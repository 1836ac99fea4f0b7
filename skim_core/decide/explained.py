"""What an explanation of a day is made of.

Every part names in `records` the sequence numbers of the journal records that it rests on; no
record is named by two parts. Prices in quote currency, quantities in shares, money in the
exchange's currency, times UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from skim_core.decide.explained_steps import Decision, Records, RefusedEntry
from skim_core.model.events import CandidatesJoined, Event, Outcome, SkipReason
from skim_core.model.limits import Limits
from skim_core.model.market import Alert, Candidate, OpeningRange
from skim_core.model.orders import Side
from skim_core.model.session import Session


@dataclass(slots=True, kw_only=True)
class Conditions:
    """What the day began with; `config_digest` tells two configurations apart."""

    records: Records
    at: datetime
    broker: str
    pace: str
    versions: dict[str, str]
    config_digest: str
    limits: Limits
    only: str | None
    missed: bool
    disabled: bool


@dataclass(slots=True, kw_only=True)
class Takeover:
    """Another process went on with the day; `away`: since the last record before, at `last_at`."""

    records: Records
    at: datetime
    owner: str
    only: str | None
    interrupted: tuple[str, ...]
    last_at: datetime
    away: timedelta


@dataclass(slots=True, kw_only=True)
class End:
    """How the day ended."""

    records: Records
    at: datetime
    outcome: Outcome
    reason: str


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One attempt of a phase, or a tick that did not succeed.

    `ending`: running, done, failed or interrupted.
    """

    records: Records
    attempt: int
    due: datetime
    at: datetime
    ended_at: datetime | None = None
    ending: str = "running"
    error: str | None = None
    retry_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Ticks:
    """The ticks of a repeating phase that succeeded; `latest` is how late one started at most."""

    records: Records = field(default_factory=list)
    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    longest: timedelta = timedelta(0)
    latest: timedelta = timedelta(0)


@dataclass(slots=True, kw_only=True)
class PhaseEnd:
    """What a phase came to; `shared_from` is the run whose result it took over."""

    records: Records
    at: datetime
    reason: str = ""
    result: Any = None
    shared_from: str | None = None
    error: str | None = None
    skip_reason: SkipReason | None = None


@dataclass(slots=True, kw_only=True)
class PhaseAccount:
    """One phase: when it may run, what its attempts came to and how it ended."""

    phase: str
    status: str = "pending"
    after: tuple[str, ...] = ()
    every: timedelta | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)
    ticks: Ticks | None = None
    end: PhaseEnd | None = None


@dataclass(slots=True, kw_only=True)
class Finding:
    """What a phase found, measured or had to tell."""

    records: Records
    at: datetime
    phase: str
    candidates: tuple[Candidate, ...] = ()
    ranges: tuple[OpeningRange, ...] = ()
    alerts: tuple[Alert, ...] = ()
    joined: CandidatesJoined | None = None


@dataclass(slots=True, kw_only=True)
class Purge:
    """Candidates that were forgotten; all of them when `symbols` is None."""

    records: Records
    at: datetime
    symbols: tuple[str, ...] | None


@dataclass(slots=True, kw_only=True)
class PositionAccount:
    """One position from flat to flat; `carried`: it was held overnight.

    `quantity` is what was opened in all, of one that is still open what is held. `side` is None
    when the journal doesn't say it.
    """

    records: Records
    symbol: str
    side: Side | None
    quantity: int
    opened_at: datetime | None
    entry_price: Decimal
    carried: bool = False
    closed_at: datetime | None = None
    exit_price: Decimal | None = None
    profit: Decimal | None = None


@dataclass(slots=True, kw_only=True)
class HaltAccount:
    """Entries were halted `until` they were allowed again, or another halt took its place."""

    records: Records
    at: datetime
    by: str
    why: str
    flatten: bool
    until: datetime | None = None
    resumed_by: str | None = None
    resumed_why: str = ""


@dataclass(slots=True, kw_only=True)
class Outage:
    """The line to the broker was down; `data_lost`: what was subscribed was forgotten."""

    records: Records
    at: datetime
    reason: str
    until: datetime | None = None
    lasted: timedelta | None = None
    data_lost: bool = False


@dataclass(slots=True, kw_only=True)
class Lapse:
    """A position was without a working stop from `since` on; told of `at`, over by `until`."""

    records: Records
    at: datetime
    symbol: str
    since: datetime
    reason: str
    until: datetime | None = None
    lasted: timedelta | None = None


@dataclass(slots=True, kw_only=True)
class Comparison:
    """The journal was compared with the broker's books; `in_doubt` are orders it left so."""

    records: Records
    at: datetime
    reason: str
    passes: int
    foreign_orders: tuple[str, ...]
    foreign_positions: dict[str, int]
    differences: tuple[str, ...]
    in_doubt: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Other:
    """A record that belongs to nothing that was told: in a sound journal there is none."""

    records: Records
    at: datetime
    kind: str
    event: Event


@dataclass(slots=True, kw_only=True)
class Explanation:
    """A day, or the orders of it that were asked about."""

    run_id: str = ""
    strategy: str = ""
    account: str = ""
    session: Session | None = None
    currency: str | None = None
    last_at: datetime | None = None
    profit: Decimal = Decimal(0)
    conditions: Conditions | None = None
    takeovers: list[Takeover] = field(default_factory=list)
    phases: list[PhaseAccount] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    purges: list[Purge] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    refusals: list[RefusedEntry] = field(default_factory=list)
    positions: list[PositionAccount] = field(default_factory=list)
    protection: list[Lapse] = field(default_factory=list)
    halts: list[HaltAccount] = field(default_factory=list)
    connection: list[Outage] = field(default_factory=list)
    reconciliations: list[Comparison] = field(default_factory=list)
    end: End | None = None
    other: list[Other] = field(default_factory=list)


def to_data(part: Any) -> Any:
    """Return a part of an explanation as plain dicts and lists; times and numbers stay exact."""
    if is_dataclass(part):
        return {each.name: to_data(getattr(part, each.name)) for each in fields(part)}
    if isinstance(part, list | tuple):
        return [to_data(item) for item in part]
    if isinstance(part, dict):
        return {name: to_data(value) for name, value in part.items()}
    dump = getattr(part, "model_dump", None)
    return dump() if dump is not None else part


def between(start: datetime, end: datetime) -> timedelta:
    """Return the time from `start` to `end`; nothing when the clock was set back."""
    return max(end - start, timedelta(0))
