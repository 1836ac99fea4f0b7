"""The work of ``skim notify test`` and ``skim notify channels``."""

from __future__ import annotations

import asyncio
import os
from typing import cast

from skim_core.cli import Toned, WallClock, Wanted, echo, load_extension, print_json, table
from skim_core.errors import ConfigError, ExitCode, nearest
from skim_notify.addresses import channels_of, hush
from skim_notify.channels import UnavailableError, UnsentError
from skim_notify.config import USUAL_VARIABLE, NotifyConfig
from skim_notify.notices import Kind, Notice, Tone
from skim_notify.notifier import routes_of
from skim_notify.sending import Route

_NONE = (
    f"no channel is configured: set the variable {USUAL_VARIABLE}, or write "
    "[extension.notify.channels.<name>] with url_variable or url_file."
)


def try_channels(wanted: Wanted, only: str | None) -> int:
    """Send a test message to each channel, once; return 1 when one did not arrive.

    Raises ConfigError when there is no channel, or none of that name.
    """
    config = _config(wanted)
    hush()
    routes = routes_of(config, os.environ)
    if not routes:
        raise ConfigError(_NONE)
    if only is not None and only not in routes:
        msg = f"there is no channel {only!r}{nearest(only, routes)}: there are {', '.join(routes)}."
        raise ConfigError(msg)
    chosen = [route for name, route in routes.items() if only in {None, name}]
    faults = asyncio.run(_send(chosen))
    if wanted.as_json:
        rows = [{"channel": name, "sent": not fault, "fault": fault} for name, fault in faults]
        print_json({"channels": rows})
    else:
        for name, fault in faults:
            echo(f"{name}: {fault or 'sent'}", "error" if fault else "done")
    return int(any(fault for _, fault in faults))


async def _send(routes: list[Route]) -> list[tuple[str, str]]:
    notice = Notice(
        kind=Kind.DAYS,
        tone=Tone.PLAIN,
        title="Test",
        text="This is where skim tells what happens.",
        at=WallClock().now(),
        where="skim notify test",
    )

    async def sent(route: Route) -> tuple[str, str]:
        try:
            await route.channel.send([notice])
        except (UnavailableError, UnsentError) as error:
            return route.name, str(error)
        return route.name, ""

    return list(await asyncio.gather(*map(sent, routes)))


def show_channels(wanted: Wanted) -> int:
    """Show the channels; return the exit code. Raises ConfigError as `channels_of` does."""
    found = channels_of(_config(wanted), os.environ)
    rows = [
        {
            "channel": name,
            "events": [kind.value for kind in channel.events],
            "address": f"in {channel.url_file or channel.url_variable}",
        }
        for name, (channel, _) in found.items()
    ]
    if wanted.as_json:
        print_json({"channels": rows})
    elif not rows:
        echo(f"{_NONE[0].upper()}{_NONE[1:]}")
    else:
        cells = [
            (Toned(str(row["channel"]), "title"), ", ".join(row["events"]), row["address"])
            for row in rows
        ]
        table(("channel", "events", "address"), cells)
    return ExitCode.DONE


def _config(wanted: Wanted) -> NotifyConfig:
    settings = wanted.settings()
    configured = load_extension("notify").configured(settings.extension("notify"))
    return cast("NotifyConfig", configured)
