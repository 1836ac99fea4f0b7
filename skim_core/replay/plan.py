"""What a replay is made of: all that decides its results, in one model and one digest."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from skim_core.model.base import Model, Name
from skim_core.model.graph import PhaseGraph
from skim_core.model.limits import Limits
from skim_core.model.session import Mic, Session
from skim_core.model.times import Duration
from skim_core.sim.options import SimOptions


class PlannedStrategy(Model):
    """One strategy as it is replayed; `config` is validated, with masks for secrets."""

    name: Name
    graph: PhaseGraph
    config: dict[str, Any] = Field(default_factory=dict)
    limits: Limits = Field(default_factory=Limits)
    # Left out where it says nothing, so that digests of before stay what they are.
    priority: int = Field(0, exclude_if=lambda priority: priority == 0)


class PlannedExtension(Model):
    """An extension whose scanners or filters a phase names; `config` with masks for secrets.

    `directory` is its own folder. What lies there, or elsewhere by its configuration, it answers
    for itself: only its version is part of the plan.
    """

    name: Name
    config: dict[str, Any] = Field(default_factory=dict)
    directory: Path


class LeftOut(Model):
    """A session that is not replayed, and why."""

    date: date
    why: str


class Plan(Model):
    """A replay that can be repeated: the same plan gives the same bytes.

    `options` are the simulated exchange's, the seed, the data folder and `capital` (what an
    account begins with, in the exchange's currency) among them; `data` is the digest of the
    recorded files that are read, `None` for a generated market. `versions` are those of the
    packages that decide the results.
    """

    kind: Literal["replay_plan"] = "replay_plan"
    format: Literal[1] = 1
    strategies: Annotated[tuple[PlannedStrategy, ...], Field(min_length=1)]
    versions: dict[str, str]
    exchange: Mic
    account: str
    options: SimOptions
    data: str | None = None
    limits: Limits = Field(default_factory=Limits)
    lead: Duration
    protection_limit: Duration
    halt_after: Annotated[int, Field(ge=1)]
    first: date
    last: date
    sessions: Annotated[tuple[Session, ...], Field(min_length=1)]
    left_out: tuple[LeftOut, ...] = ()
    extensions: tuple[PlannedExtension, ...] = ()

    @property
    def capital(self) -> Decimal:
        """What the account begins a session with, in the exchange's currency."""
        return self.options.cash

    @property
    def name(self) -> str:
        """The replay's name: its strategies, its dates and the beginning of its digest."""
        strategies = "+".join(strategy.name for strategy in self.strategies)
        return f"{strategies[:100]}_{self.first}_{self.last}_{self.digest[:8]}"

    @property
    def digest(self) -> str:
        """A SHA-256 of the plan, in hex: equal for equal plans."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
