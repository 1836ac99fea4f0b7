"""What an examination finds, in words, with what mends it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from skim_broker_ibkr.rules.gate import RestartWindow
from skim_core import Session

_SKEW = timedelta(seconds=2)
_AROUND = timedelta(minutes=15)
"""A restart so near to a session disturbs it: TWS takes minutes to come back."""


class Severity(StrEnum):
    """How bad a finding is."""

    FINE = "fine"
    NOTE = "note"
    """Nothing is wrong, but it should be known."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `what` was found and, for a problem, what `mends` it."""

    topic: str
    severity: Severity
    what: str
    mends: str = ""


@dataclass(frozen=True)
class Seen:
    """What an examination saw.

    `skew` is TWS's clock ahead of ours; `data` says for a symbol what its data are
    (``"live"``, ``"delayed"``, or why there are none), None when none was asked for.
    """

    now: datetime
    account: str
    paper: bool
    session: Session
    restart: RestartWindow
    skew: timedelta
    server_version: int
    foreign_orders: Sequence[str] = ()
    positions: Mapping[str, int] = field(default_factory=dict)
    elsewhere: Sequence[str] = ()
    data: tuple[str, str] | None = None
    broken_farms: Sequence[str] = ()
    scans: str = ""


def judged(seen: Seen) -> list[Finding]:
    """Return what to tell of an account that could be reached."""
    kind = "a paper account" if seen.paper else "an account with real money"
    found = [
        Finding("account", Severity.FINE, f"{seen.account} is {kind}"),
        _clock(seen.skew),
        _restart(seen),
        *_data(seen),
        *_not_ours(seen),
    ]
    if seen.broken_farms:
        found.append(
            Finding(
                "farms",
                Severity.PROBLEM,
                f"broken: {', '.join(seen.broken_farms)}",
                "wait; when it lasts, see IBKR's system status page",
            )
        )
    return found


def sound(findings: Iterable[Finding]) -> bool:
    """Whether nothing has to be mended."""
    return all(finding.severity is not Severity.PROBLEM for finding in findings)


def _clock(skew: timedelta) -> Finding:
    seconds = skew.total_seconds()
    # TWS tells whole seconds.
    if abs(skew) <= _SKEW:
        return Finding("clock", Severity.FINE, "this machine's clock and TWS's agree")
    way = "behind" if seconds > 0 else "ahead of"
    return Finding(
        "clock",
        Severity.PROBLEM,
        f"this machine's clock is {abs(seconds):.0f} s {way} TWS's",
        "synchronise it by NTP, such as with 'timedatectl set-ntp true'",
    )


def _restart(seen: Seen) -> Finding:
    at = seen.restart.next(seen.session.open - _AROUND)
    if at is None:
        return Finding(
            "restart",
            Severity.NOTE,
            "it isn't known when TWS restarts itself",
            "set restart_at in [brokers.ibkr] to the time in its settings (Lock and Exit, Auto "
            "restart)",
        )
    local = seen.session.local(at)
    told = f"TWS restarts at {local:%H:%M} in {seen.session.timezone}"
    if at <= seen.session.close + _AROUND:
        return Finding(
            "restart",
            Severity.PROBLEM,
            f"{told}, in or near the session",
            "choose a time outside of it in TWS (Lock and Exit, Auto restart), such as 20:00 in "
            "Sydney, and set restart_at to it",
        )
    return Finding("restart", Severity.FINE, f"{told}, outside of the session")


def _data(seen: Seen) -> Iterable[Finding]:
    if seen.data is not None:
        symbol, told = seen.data
        if told == "live":
            yield Finding("market data", Severity.FINE, f"{symbol} has live data")
        elif told == "delayed":
            yield Finding(
                "market data",
                Severity.PROBLEM,
                f"{symbol} has delayed data, which aren't traded on",
                "subscribe to the exchange's data (Client Portal, Settings, Market Data "
                "Subscriptions) and set data_type to 'live'",
            )
        else:
            yield Finding(
                "market data",
                Severity.PROBLEM,
                f"{symbol} has no data: {told}",
                "subscribe to the exchange's data (Client Portal, Settings, Market Data "
                "Subscriptions), end other sessions of the same user, and look whether the "
                "exchange is open",
            )
    if seen.scans:
        yield Finding(
            "scanner",
            Severity.PROBLEM,
            seen.scans,
            "subscribe to the exchange's data, or set gap_up_scans and gap_down_scans",
        )


def _not_ours(seen: Seen) -> Iterable[Finding]:
    if seen.foreign_orders:
        yield Finding(
            "orders",
            Severity.NOTE,
            f"not placed by this client id: {'; '.join(seen.foreign_orders)}",
            "skim leaves them alone; they count in the account's positions when they trade",
        )
    if seen.positions:
        held = ", ".join(f"{count} {symbol}" for symbol, count in sorted(seen.positions.items()))
        yield Finding("positions", Severity.NOTE, f"the account holds {held}")
    if seen.elsewhere:
        yield Finding(
            "positions",
            Severity.NOTE,
            f"held at other exchanges or in other currencies: {', '.join(seen.elsewhere)}",
            "skim doesn't see these",
        )
