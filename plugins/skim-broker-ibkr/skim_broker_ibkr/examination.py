"""Looks at TWS and the account before a day does, and finds what is missing to trade."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from skim_broker_ibkr.accounts import is_paper
from skim_broker_ibkr.findings import Finding, Seen, Severity, judged
from skim_broker_ibkr.minutes import session_at
from skim_broker_ibkr.rules.gate import RestartWindow
from skim_broker_ibkr.symbols import traded_here
from skim_core.errors import SkimError

if TYPE_CHECKING:
    from skim_broker_ibkr.broker import IbkrBroker
    from skim_broker_ibkr.options import IbkrOptions
    from skim_broker_ibkr.parts import Parts
    from skim_core.broker import BrokerSetup, OrderReport


async def examine(
    broker: IbkrBroker,
    setup: BrokerSetup,
    options: IbkrOptions,
    parts: Parts,
    symbol: str | None,
) -> list[Finding]:
    """Return what is found, each problem with what mends it; nothing is changed.

    `symbol`: also whether there are market data of this one. Uses the client id that trades,
    so it must not run beside a day.
    """
    try:
        await broker.connect()
    except SkimError as error:
        return [Finding("connection", Severity.PROBLEM, str(error))]
    address = f"{options.host}:{options.port}"
    reached = Finding(
        "connection",
        Severity.FINE,
        f"TWS at {address} is logged in, and the client id {options.client_id} is free",
    )
    try:
        return [reached, *judged(await _look(setup, options, parts, broker, symbol))]
    except SkimError as error:
        return [reached, Finding("answers", Severity.PROBLEM, str(error))]


async def _look(
    setup: BrokerSetup,
    options: IbkrOptions,
    parts: Parts,
    broker: IbkrBroker,
    symbol: str | None,
) -> Seen:
    now, account = setup.clock.now(), parts.hearing.account
    held: dict[str, int] = {}
    elsewhere: list[str] = []
    for told in await parts.requests.positions():
        if told.account != account or not told.quantity:
            continue
        name = traded_here(told.instrument, setup.exchange)
        if name is None:
            one = told.instrument
            elsewhere.append(f"{told.quantity} {one.symbol} ({one.sec_type}, {one.currency})")
        else:
            held[name] = held.get(name, 0) + told.quantity
    skew = await parts.requests.current_time() - setup.clock.now()
    return Seen(
        now=now,
        account=account,
        paper=is_paper(account),
        session=session_at(setup.sessions, now),
        restart=RestartWindow(
            options.restart_at, options.restart_timezone or setup.exchange.timezone
        ),
        skew=timedelta(seconds=round(skew.total_seconds())),
        server_version=parts.requests.ib.client.serverVersion(),
        foreign_orders=[_named(report) for report in await _foreign(parts, options, broker)],
        positions=held,
        elsewhere=elsewhere,
        data=await _data(broker, parts, symbol),
        broken_farms=broker.farms.broken,
        scans=await parts.scanner.check(),
    )


async def _foreign(parts: Parts, options: IbkrOptions, broker: IbkrBroker) -> list[OrderReport]:
    working = [report for report in await broker.orders() if not report.status.final]
    book = parts.hearing.book
    foreign = []
    for report in working:
        entry = book.find(report.reference, report.broker_id or None)
        if entry is None or entry.label.client_id != options.client_id:
            foreign.append(report)
    return foreign


async def _data(broker: IbkrBroker, parts: Parts, symbol: str | None) -> tuple[str, str] | None:
    if symbol is None:
        return None
    quote = (await broker.quotes([symbol])).get(symbol)
    if quote is not None:
        return symbol, "delayed" if quote.delayed else "live"
    return symbol, parts.quotes.reason(symbol) or "it has not traded today"


def _named(report: OrderReport) -> str:
    return f"{report.side} {report.quantity} {report.symbol} ({report.reference})"
