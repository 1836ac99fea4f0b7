"""What the simulated exchange is fed with: one session's bars of every symbol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from skim_core.model.exchange import Exchange
    from skim_core.model.session import Session
    from skim_core.ports.bars import Bars, Column


@dataclass(frozen=True, eq=False)
class SessionData:
    """The whole of one session, as it will have happened when it is over.

    `bars` start at the session's open and have a column for each of its minutes.
    `previous_close`, in quote currency, is one number for each row of the bars; NaN for a
    symbol without one. `renamed` names, by the symbol that is new, the one that is gone at
    about its price.
    """

    session: Session
    bars: Bars
    previous_close: Column
    renamed: Mapping[str, str] = field(default_factory=dict)


class Feed(Protocol):
    """A source of sessions: generated, or recorded in files."""

    def load(self, session: Session, exchange: Exchange) -> SessionData:
        """Return the session's data. Raises DataError naming the file and the row."""
