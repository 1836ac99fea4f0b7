"""What an examination finds, in words, with what mends it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from skim_broker_ibkr.errors import ReadOnlyError, Stage, is_read_only
from skim_broker_ibkr.rules.gate import RestartWindow
from skim_core import Session
from skim_core.broker import BrokerFinding, Severity

OK, WARNING, ERROR = Severity.OK, Severity.WARNING, Severity.ERROR

_SKEW = timedelta(seconds=2)
_AROUND = timedelta(minutes=15)
"""A restart so near to a session disturbs it: TWS takes minutes to come back."""

_TESTED = 173
"""The oldest server version that skim is tested with."""

READ_ONLY = "read-only API"
_SUBSCRIBE = "(Client Portal, Settings, Market Data Subscriptions)"
_NO_PERMISSION = 460


@dataclass(frozen=True)
class Refused:
    """TWS's no to a question: its error's `code` (0 for none) and `text`."""

    text: str
    code: int = 0


@dataclass(frozen=True)
class SeenSymbol:
    """What was seen of a symbol.

    `data` is ``"live"``, ``"delayed"``, or why there are none; `ticks` is whether IBKR's
    ticks are skim's own, or why they weren't told; `preview` is what TWS objects to an order.
    """

    symbol: str
    data: str
    ticks: bool | str
    preview: Refused | None = None
    halted: bool = False


@dataclass(frozen=True)
class Seen:
    """What an examination saw. `skew` is TWS's clock ahead of ours."""

    now: datetime
    account: str
    paper: bool
    session: Session
    restart: RestartWindow
    skew: timedelta
    foreign_orders: Sequence[str] = ()
    positions: Mapping[str, int] = field(default_factory=dict)
    elsewhere: Sequence[str] = ()
    symbols: Sequence[SeenSymbol] = ()
    broken_farms: Sequence[str] = ()
    scans: str = ""


def line_found(
    address: str, client_id: int, version: int, failed: Stage | None = None, why: str = ""
) -> list[BrokerFinding]:
    """Return what is found of a connection: each stage, up to the one that failed."""
    found: list[BrokerFinding] = []
    for stage in Stage:
        if stage is failed:
            what, _, mends = why.rstrip(".").partition(": ")
            return [*found, BrokerFinding(stage, ERROR, what, mends)]
        found.append(_stage_found(stage, address, client_id, version))
    return found


def _stage_found(stage: Stage, address: str, client_id: int, version: int) -> BrokerFinding:
    if stage is Stage.PORT:
        return BrokerFinding(stage, OK, f"{address} is open")
    if stage is Stage.GREETING:
        what = f"TWS speaks version {version} of its API"
        if version < _TESTED:
            mends = f"update TWS or IB Gateway: skim is tested with {_TESTED} and newer"
            return BrokerFinding(stage, WARNING, what, mends)
        return BrokerFinding(stage, OK, what)
    if stage is Stage.CLIENT_ID:
        return BrokerFinding(stage, OK, f"{client_id} is free")
    return BrokerFinding(stage, OK, "TWS is logged in")


def account_refused(why: str) -> BrokerFinding:
    """Return the finding of an account that isn't the one, or of the kind, that is meant."""
    what, _, mends = why.rstrip(".").partition(": ")
    return BrokerFinding("account", ERROR, what, mends)


def read_only() -> BrokerFinding:
    """Return the finding of an API that takes no orders."""
    what, _, mends = str(ReadOnlyError()).rstrip(".").partition(": ")
    return BrokerFinding(READ_ONLY, ERROR, what, mends)


def judged(seen: Seen) -> list[BrokerFinding]:
    """Return what to tell of an account that could be reached."""
    kind = "a paper account" if seen.paper else "an account with real money"
    found = [
        BrokerFinding("account", OK, f"{seen.account} is {kind}"),
        *_permission(seen.symbols),
        _clock(seen.skew),
        _restart(seen),
        *_data(seen),
        *_not_ours(seen),
    ]
    if seen.broken_farms:
        found.append(
            BrokerFinding(
                "farms",
                ERROR,
                f"broken: {', '.join(seen.broken_farms)}",
                "wait; when it lasts, see IBKR's system status page",
            )
        )
    return found


def _permission(symbols: Sequence[SeenSymbol]) -> Iterable[BrokerFinding]:
    refused = [one for one in symbols if one.preview is not None]
    if any(one.preview and is_read_only(one.preview.code, one.preview.text) for one in refused):
        yield read_only()
        return
    yield BrokerFinding(READ_ONLY, OK, "TWS tells its orders, so its API may do more than read")
    for one in refused:
        assert one.preview is not None
        mends = "see what IBKR says of the account (Client Portal, Settings)"
        if one.preview.code == _NO_PERMISSION:
            mends = "ask for it (Client Portal, Settings, Trading Permissions)"
        what = f"TWS would not take an order for 1 {one.symbol}: {one.preview.text}"
        yield BrokerFinding("orders", ERROR, what, mends)
    if taken := [one.symbol for one in symbols if one.preview is None]:
        yield BrokerFinding("orders", OK, f"TWS would take an order for {', '.join(taken)}")


def _clock(skew: timedelta) -> BrokerFinding:
    seconds = skew.total_seconds()
    # TWS tells whole seconds.
    if abs(skew) <= _SKEW:
        return BrokerFinding("clock", OK, "this machine's clock and TWS's agree")
    way = "behind" if seconds > 0 else "ahead of"
    return BrokerFinding(
        "clock",
        ERROR,
        f"this machine's clock is {abs(seconds):.0f} s {way} TWS's",
        "synchronise it by NTP, such as with 'timedatectl set-ntp true'",
    )


def _restart(seen: Seen) -> BrokerFinding:
    at = seen.restart.next(seen.session.open - _AROUND)
    if at is None:
        return BrokerFinding(
            "restart",
            WARNING,
            "it isn't known when TWS restarts itself",
            "set restart_at in [brokers.ibkr] to the time in its settings (Lock and Exit, Auto "
            "restart)",
        )
    local = seen.session.local(at)
    told = f"TWS restarts at {local:%H:%M} in {seen.session.timezone}"
    if at <= seen.session.close + _AROUND:
        return BrokerFinding(
            "restart",
            ERROR,
            f"{told}, in or near the session",
            "choose a time outside of it in TWS (Lock and Exit, Auto restart), such as 20:00 in "
            "Sydney, and set restart_at to it",
        )
    return BrokerFinding("restart", OK, f"{told}, outside of the session")


def _data(seen: Seen) -> Iterable[BrokerFinding]:
    for one in seen.symbols:
        yield _market_data(one)
        yield _market_rules(one)
    if not seen.symbols:
        yield BrokerFinding(
            "market data",
            WARNING,
            "no symbol's data, ticks and orders were looked at",
            "name one that is traded, such as '--symbol BHP'",
        )
    if seen.scans:
        yield BrokerFinding(
            "scanner",
            ERROR,
            seen.scans,
            "subscribe to the exchange's data, or set gap_up_scans and gap_down_scans",
        )


def _market_data(one: SeenSymbol) -> BrokerFinding:
    if one.data == "live":
        halted = ", and its trading is halted" if one.halted else ""
        severity = WARNING if one.halted else OK
        return BrokerFinding("market data", severity, f"{one.symbol} has live data{halted}")
    if one.data == "delayed":
        return BrokerFinding(
            "market data",
            ERROR,
            f"{one.symbol} has delayed data, which aren't traded on",
            f"subscribe to the exchange's data {_SUBSCRIBE} and set data_type to 'live'",
        )
    return BrokerFinding(
        "market data",
        ERROR,
        f"{one.symbol} has no data: {one.data}",
        f"subscribe to the exchange's data {_SUBSCRIBE}, end other sessions of the same user, and "
        "look whether the exchange is open",
    )


def _market_rules(one: SeenSymbol) -> BrokerFinding:
    if isinstance(one.ticks, str):
        return BrokerFinding(
            "market rules",
            ERROR,
            f"the ticks of {one.symbol} are not known: {one.ticks}",
            "look in TWS whether it has the symbol at this exchange, and examine again",
        )
    if not one.ticks:
        return BrokerFinding(
            "market rules",
            WARNING,
            f"IBKR's ticks of {one.symbol} are not those that skim has for its exchange",
            "orders are put on IBKR's; a simulation of the same day may differ by a tick",
        )
    return BrokerFinding(
        "market rules", OK, f"IBKR's ticks of {one.symbol} are those that skim has"
    )


def _not_ours(seen: Seen) -> Iterable[BrokerFinding]:
    if seen.foreign_orders:
        yield BrokerFinding(
            "foreign orders",
            WARNING,
            f"not placed by this client id: {'; '.join(seen.foreign_orders)}",
            "skim leaves them alone; they count in the account's positions when they trade",
        )
    if seen.positions:
        held = ", ".join(f"{count} {symbol}" for symbol, count in sorted(seen.positions.items()))
        yield BrokerFinding("positions", OK, f"the account holds {held}")
    if seen.elsewhere:
        yield BrokerFinding(
            "positions",
            WARNING,
            f"held at other exchanges or in other currencies: {', '.join(seen.elsewhere)}",
            "skim doesn't see these",
        )
