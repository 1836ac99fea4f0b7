"""Looks at TWS and the account before a day does, and finds what is missing to trade."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from skim_broker_ibkr.accounts import is_paper
from skim_broker_ibkr.errors import LineError, ReadOnlyError, Stage
from skim_broker_ibkr.findings import (
    Refused,
    Seen,
    SeenSymbol,
    account_refused,
    judged,
    line_found,
    read_only,
)
from skim_broker_ibkr.minutes import session_at
from skim_broker_ibkr.requests import RefusedError
from skim_broker_ibkr.rules.gate import RestartWindow
from skim_broker_ibkr.symbols import traded_here
from skim_core.broker import BrokerFinding, Examination, Severity
from skim_core.errors import BrokerError, ConfigError, SkimError

if TYPE_CHECKING:
    from skim_broker_ibkr.options import IbkrOptions
    from skim_broker_ibkr.parts import Parts
    from skim_core.broker import Broker, BrokerSetup, OrderReport


async def examine(
    broker: Broker,
    setup: BrokerSetup,
    options: IbkrOptions,
    parts: Parts,
    symbols: Sequence[str],
) -> Examination:
    """Return what is found, each problem with what mends it; nothing is changed.

    `symbols`: also whether there are market data of these, and whether orders for them would
    be taken. Uses the client id that trades, so it must not run beside a day.
    """

    def reached(*findings: BrokerFinding) -> Examination:
        version = parts.line.server_version
        return Examination(
            reached=True, findings=(*line_found(address, client_id, version), *findings)
        )

    address, client_id = parts.line.address, options.client_id
    try:
        await broker.connect()
    except LineError as error:
        version = parts.line.server_version
        found = line_found(address, client_id, version, error.stage, str(error))
        return Examination(reached=error.stage is not Stage.PORT, findings=tuple(found))
    except ReadOnlyError:
        return reached(read_only())
    except ConfigError as error:
        return reached(account_refused(str(error)))
    except SkimError as error:
        return reached(BrokerFinding("answers", Severity.ERROR, str(error)))
    try:
        return reached(*judged(await _look(setup, options, parts, broker, symbols)))
    except SkimError as error:
        return reached(BrokerFinding("answers", Severity.ERROR, str(error)))


async def _look(
    setup: BrokerSetup,
    options: IbkrOptions,
    parts: Parts,
    broker: Broker,
    symbols: Sequence[str],
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
        foreign_orders=[_named(report) for report in await _foreign(parts, options, broker)],
        positions=held,
        elsewhere=elsewhere,
        symbols=[await _symbol(broker, parts, symbol) for symbol in symbols],
        broken_farms=parts.farms.broken,
        scans=await parts.scanner.check(),
    )


async def _foreign(parts: Parts, options: IbkrOptions, broker: Broker) -> list[OrderReport]:
    working = [report for report in await broker.orders() if not report.status.final]
    book = parts.hearing.book
    foreign = []
    for report in working:
        entry = book.find(report.reference, report.broker_id or None)
        if entry is None or entry.label.client_id != options.client_id:
            foreign.append(report)
    return foreign


async def _symbol(broker: Broker, parts: Parts, symbol: str) -> SeenSymbol:
    quote = (await broker.quotes([symbol])).get(symbol)
    if quote is None:
        data = parts.quotes.reason(symbol) or "it has not traded today"
    else:
        data = "delayed" if quote.delayed else "live"
    return SeenSymbol(
        symbol,
        data,
        await _ticks(parts, symbol),
        await _preview(parts, symbol),
        halted=quote is not None and quote.halted,
    )


async def _ticks(parts: Parts, symbol: str) -> bool | str:
    try:
        await parts.contracts.ticks(symbol)
    except BrokerError as error:
        return str(error)
    return parts.contracts.has_own_ticks(symbol)


async def _preview(parts: Parts, symbol: str) -> Refused | None:
    """Ask what an order for one share would do, which places none; return what TWS objects."""
    try:
        contract = await parts.contracts.of(symbol)
        await parts.requests.preview(contract, parts.hearing.account)
    except RefusedError as error:
        return Refused(error.text, error.code)
    except BrokerError as error:
        return Refused(str(error))
    return None


def _named(report: OrderReport) -> str:
    return f"{report.side} {report.quantity} {report.symbol} ({report.reference})"
