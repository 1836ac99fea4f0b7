"""What extensions add to a process that runs days, and what they are made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from skim_core.model.events import Event
from skim_core.model.exchange import Exchange
from skim_core.model.trading_day import TradingDay

ConfigT = TypeVar("ConfigT")


@dataclass(frozen=True)
class ExtensionSetup(Generic[ConfigT]):
    """What an extension makes its parts from.

    `config` is its section ``[extension.<name>]``, validated with its own model; `directory` a
    folder where it may keep files of its own, not made yet.
    """

    config: ConfigT
    directory: Path
    exchange: Exchange


class Observer(Protocol):
    """Hears what happens in the days of a process, and is told when nothing more will."""

    def hear(self, event: Event, day: TradingDay) -> Any:
        """Hear an event, as `skim_on_event` does: in order, in a thread of its own when plain.

        One that waits for something outside (a server, say) keeps a queue of its own.
        """

    def close(self) -> None:
        """Finish what was heard and let go. It is waited for 5 seconds at most."""
