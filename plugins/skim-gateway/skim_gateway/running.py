"""``skim-gateway run``: from what the command line says to a gateway that serves."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import re
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from skim_core import SessionTime
from skim_core.broker import PacedClock, SessionCalendar, WallClock, load_exchange
from skim_core.errors import BrokerError, ConfigError, ExitCode
from skim_core.sim import GeneratedFeed, RecordedFeed, read_options
from skim_gateway.control import ControlServer
from skim_gateway.faults.model import Script, read_script
from skim_gateway.server import GatewayServer
from skim_gateway.setup import GatewaySetup, MarketData

if TYPE_CHECKING:
    from skim_core import Session
    from skim_core.sim import Feed

_BEFORE = dt.timedelta(days=90)
_AFTER = dt.timedelta(days=10)
_ACCOUNT = re.compile(r"[A-Za-z0-9]{1,20}")
_FASTEST = 100_000.0


@dataclass(frozen=True)
class Wanted:
    """What the command line says."""

    exchange: str = "XASX"
    session: str | None = None
    data: Path | None = None
    symbols: int = 200
    start: str = "open-5m"
    speed: float = 1.0
    seed: int = 1
    host: str = "127.0.0.1"
    port: int = 4002
    account: str = "DU1234567"
    linked: tuple[str, ...] = ()
    cash: str = "100000"
    market_data: str = "live"
    master_client: int | None = None
    state: Path | None = None
    allow_short: bool = False
    faults: Path | None = None
    control_port: int | None = None
    as_json: bool = False
    debug: bool = False


@dataclass(frozen=True)
class Plan:
    """A gateway that is wanted: what it is made from, and when its time begins."""

    setup: GatewaySetup
    session: Session
    start: dt.datetime
    script: Script


def serve(wanted: Wanted) -> int:
    """Serve until a signal stops it; return the exit code.

    Raises ConfigError, DataError, and BrokerError when it can't listen.
    """
    logging.basicConfig(
        level=logging.DEBUG if wanted.debug else logging.WARNING,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    with ExitStack() as stack:
        directory = wanted.state
        if directory is None:
            directory = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="skim-gateway-"))
            )
        asyncio.run(_serve(wanted, plan(wanted, directory)))
    return ExitCode.DONE


def plan(wanted: Wanted, directory: Path) -> Plan:
    """Return the gateway that is wanted, its account's book in `directory`.

    Raises ConfigError naming the option, DataError for data that are not there.
    """
    if not 0 < wanted.speed <= _FASTEST:
        msg = f"--speed is {wanted.speed:g}: give a number above 0, {_FASTEST:g} at most."
        raise ConfigError(msg)
    for option, number in (
        ("--account", wanted.account),
        *(("--linked", number) for number in wanted.linked),
    ):
        if not _ACCOUNT.fullmatch(number):
            msg = f"{option} is {number!r}: give up to 20 letters and digits, as in DU1234567."
            raise ConfigError(msg)
    script = read_script(wanted.faults) if wanted.faults else Script()
    calendar = SessionCalendar(wanted.exchange, directory / "calendars")
    feed, recorded = _feed(wanted, directory)
    session = _session(wanted, calendar, recorded)
    around = calendar.sessions(session.date - _BEFORE, session.date + _AFTER)
    setup = GatewaySetup(
        exchange=load_exchange(wanted.exchange, session.date),
        sessions=tuple(one for one in around if recorded is None or one.date in recorded),
        feed=feed,
        directory=directory,
        account=wanted.account,
        linked=wanted.linked,
        options=read_options(
            {
                "seed": wanted.seed,
                "symbols": wanted.symbols,
                "data": wanted.data,
                "cash": _cash(wanted.cash),
                "allow_short": wanted.allow_short,
                "halts": script.halts,
            }
        ),
        market_data=_market_data(wanted.market_data),
        master_client=wanted.master_client,
        seed=wanted.seed if script.seed is None else script.seed,
    )
    return Plan(setup, session, _start(wanted.start, session), script)


def _feed(wanted: Wanted, directory: Path) -> tuple[Feed, list[dt.date] | None]:
    """Return the market's data, and the dates that are recorded; None when all are generated."""
    if wanted.data is None:
        return GeneratedFeed(seed=wanted.seed, symbols=wanted.symbols), None
    feed = RecordedFeed(wanted.data, directory)
    return feed, feed.sessions(wanted.exchange)


def _session(wanted: Wanted, calendar: SessionCalendar, recorded: list[dt.date] | None) -> Session:
    if wanted.session is not None:
        try:
            date = dt.date.fromisoformat(wanted.session)
        except ValueError:
            msg = f"--session is {wanted.session!r}: give a date as YYYY-MM-DD."
            raise ConfigError(msg) from None
    elif recorded:
        date = recorded[-1]
    else:
        return calendar.current_or_next(WallClock().now())
    session = calendar.session(date)
    if session is None:
        msg = f"{wanted.exchange} is closed on {date}: give another --session."
        raise ConfigError(msg)
    if recorded is not None and date not in recorded:
        known = f"{recorded[0]} to {recorded[-1]}" if recorded else "none"
        msg = f"{wanted.data} has no session of {date} at {wanted.exchange}: it has {known}."
        raise ConfigError(msg)
    return session


def _start(text: str, session: Session) -> dt.datetime:
    try:
        return SessionTime.model_validate(text).resolve(session)
    except ValidationError as error:
        why = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        msg = f"--start: {why}."
        raise ConfigError(msg) from None


def _cash(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        msg = f"--cash is {text!r}: give an amount such as 100000."
        raise ConfigError(msg) from None


def _market_data(text: str) -> MarketData:
    try:
        return MarketData(text)
    except ValueError:
        msg = f"--market-data is {text!r}: give live or delayed."
        raise ConfigError(msg) from None


async def _serve(wanted: Wanted, planned: Plan) -> None:
    clock = PacedClock(planned.start, wanted.speed)
    server = GatewayServer(planned.setup, clock, host=wanted.host, port=wanted.port)
    control = ControlServer(server.gateway, wanted.control_port or 0)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        await server.start()
        if wanted.control_port is not None:
            await control.start()
    except OSError as error:
        await server.close()
        msg = (
            f"can't listen on {wanted.host}:{wanted.port} ({error.strerror or error}): stop what "
            "listens there, or give another --port or --control-port."
        )
        raise BrokerError(msg) from error
    try:
        for fault in planned.script.faults:
            server.gateway.faults.add(fault)
        _tell(server, wanted, planned, control.port if wanted.control_port is not None else None)
        ticking = asyncio.create_task(_begin(server, clock, planned.start))
        await stopped.wait()
        ticking.cancel()
    finally:
        await control.close()
        await server.close()


async def _begin(server: GatewayServer, clock: PacedClock, start: dt.datetime) -> None:
    """Let time run once a client is there."""
    await server.connected.wait()
    await clock.sleep_until(start + dt.timedelta(microseconds=1))


def _tell(server: GatewayServer, wanted: Wanted, planned: Plan, control_port: int | None) -> None:
    host, port = server.address
    local = planned.session.local(planned.start)
    if wanted.as_json:
        said = json.dumps(
            {
                "host": host,
                "port": port,
                "account": wanted.account,
                "linked": list(wanted.linked),
                "exchange": wanted.exchange,
                "session": str(planned.session.date),
                "start": planned.start.isoformat(),
                "speed": wanted.speed,
                "exposed": server.is_exposed,
                "control_port": control_port,
            }
        )
    else:
        who = (
            "others than this machine can connect, there is no password"
            if server.is_exposed
            else "only this machine can connect"
        )
        said = (
            f"skim-gateway: {wanted.exchange} on {planned.session.date} from {local:%H:%M:%S}, "
            f"{wanted.speed:g} times as fast, once a client connects.\n"
            f"Account {', '.join((wanted.account, *wanted.linked))} at {host}:{port}; {who}. Stop it with Ctrl-C."
        )
    sys.stdout.write(said + "\n")
    sys.stdout.flush()
