"""The work of ``doctor --broker``: a broker looked at before a day needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from skim_core.calendar.exchanges import load_exchange
from skim_core.cli.output import Toned, echo, print_json, table
from skim_core.cli.places import calendar_of
from skim_core.cli.wanted import Wanted
from skim_core.clock.wall import WallClock
from skim_core.errors import BrokerError, ConfigError
from skim_core.exits import ExitCode
from skim_core.model.session import Session
from skim_core.plugins.brokers import load_broker
from skim_core.ports.broker import Broker, BrokerSetup
from skim_core.ports.examination import Examinable, Examination, Severity
from skim_core.settings import Settings

_TONES = {Severity.OK: "done", Severity.WARNING: "warning", Severity.ERROR: "error"}


def show_examination(
    name: str | None, symbols: Sequence[str], wanted: Wanted, *, alone: bool = True
) -> int:
    """Examine a broker and print what is found.

    Returns 0 when nothing has to be mended, 3 when the broker isn't there, else 1. Raises
    PluginError and ConfigError, also for a broker that can't be examined.
    """
    if name is None or not alone:
        what = "--symbol needs --broker" if name is None else "--broker examines nothing else"
        msg = f"{what}: write 'skim doctor --broker NAME', with --symbol SYMBOL for its data."
        raise ConfigError(msg)
    settings = wanted.settings()
    session = calendar_of(settings).current_or_next(WallClock().now())
    broker = load_broker(name).make(broker_setup(settings, name, session))
    if not isinstance(broker, Examinable):
        msg = (
            f"the broker {name!r} brings no examination of its account: "
            "'skim doctor' says whether its package works."
        )
        raise ConfigError(msg)
    found = asyncio.run(_examine(broker, broker, symbols))
    if wanted.as_json:
        print_json(
            {
                "broker": name,
                "reached": found.reached,
                "sound": found.sound,
                "findings": [
                    {
                        "topic": one.topic,
                        "severity": one.severity,
                        "what": one.what,
                        "mends": one.mends,
                    }
                    for one in found.findings
                ],
            }
        )
    else:
        _print(found)
    if not found.reached:
        return BrokerError.exit_code
    return ExitCode.DONE if found.sound else ExitCode.FAILED


def broker_setup(settings: Settings, name: str, session: Session) -> BrokerSetup:
    """Return what the broker of a session is made from, on the wall's time. Raises DataError."""
    return BrokerSetup(
        account=settings.account,
        clock=WallClock(),
        exchange=load_exchange(session.exchange, on=session.date),
        sessions=(session,),
        directory=settings.directory / "brokers" / name,
        options=settings.broker_options(name),
    )


async def _examine(broker: Broker, examined: Examinable, symbols: Sequence[str]) -> Examination:
    try:
        return await examined.examine(symbols)
    finally:
        await broker.close()


def _print(found: Examination) -> None:
    rows = []
    for one in found.findings:
        text = f"{one.what}: {one.mends}" if one.mends else one.what
        rows.append([one.topic, Toned(str(one.severity), _TONES[one.severity]), text])
    table(["", "", ""], rows)
    if found.sound:
        echo("Nothing has to be mended.", "done")
