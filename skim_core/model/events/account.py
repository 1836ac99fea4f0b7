"""What concerns the whole account: halts, the connection, its books."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from skim_core.model.events.base import _Event


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
