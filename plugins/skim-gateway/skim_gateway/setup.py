"""What a gateway is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from skim_core.sim import SimOptions
from skim_gateway.wire.handshake import NEWEST

if TYPE_CHECKING:
    from skim_core import Exchange, Session
    from skim_core.sim import Feed


class MarketData(StrEnum):
    """What the account has subscribed to."""

    LIVE = "live"
    DELAYED = "delayed"
    """Clients that ask for live data get error 354, those that ask for delayed data get it."""


@dataclass(frozen=True)
class Limits:
    """What a real gateway allows a client, and what this one keeps for it.

    `unsent` is how many bytes may wait for a client that doesn't read; it is dropped then.
    `streams` is how many subscriptions of all kinds it may have; a real gateway has no such limit.
    `violations` is how often it may send too fast before it is dropped; how fast it sends is
    told by the machine's time, or with `by_clock` by the gateway's, which a test drives.
    """

    clients: int = 32
    messages_a_second: int = 50
    violations: int = 3
    by_clock: bool = False
    lines: int = 100
    tick_by_tick: int = 5
    depths: int = 3
    scans: int = 10
    scan_rows: int = 50
    summaries: int = 2
    open_histories: int = 50
    streams: int = 1000
    histories: int = 60
    pace_all_bars: bool = False
    unsent: int = 8 << 20
    greeting: float = 30.0


@dataclass(frozen=True)
class GatewaySetup:
    """`sessions` are the days that there are, those before today for its history.

    `linked` are the numbers of further accounts of the same login, each with money of its own.
    `directory` is where the exchange keeps the accounts' books. `seed` decides whatever is
    left to chance; `repeated` is the share of order statuses that are told twice.
    `newest_version` is the newest version of the protocol that is spoken, as by an older TWS.
    """

    exchange: Exchange
    sessions: tuple[Session, ...]
    feed: Feed
    directory: Path
    account: str = "DU1234567"
    linked: tuple[str, ...] = ()
    options: SimOptions = field(default_factory=SimOptions)
    limits: Limits = field(default_factory=Limits)
    market_data: MarketData = MarketData.LIVE
    master_client: int | None = None
    zoned_executions: bool = True
    seed: int = 1
    repeated: float = 0.1
    newest_version: int = NEWEST
