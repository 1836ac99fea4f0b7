"""How times are written in messages, in the gateway's own zone, and faults on the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Wording:
    """`timezone` is the gateway's, an IANA name; `zoned` executions say it with their time.

    A real gateway says it or not by a setting; without it clients assume its zone.
    """

    timezone: str
    zoned: bool = True
    _zone: ZoneInfo = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", ZoneInfo(self.timezone))

    def local(self, moment: datetime) -> datetime:
        """Return `moment` in the gateway's zone."""
        return moment.astimezone(self._zone)

    def execution(self, moment: datetime) -> str:
        """Return an execution's time, such as ``20250415 19:38:31 Australia/Sydney``."""
        local = self.local(moment)
        if self.zoned:
            return f"{local:%Y%m%d %H:%M:%S} {self.timezone}"
        return f"{local:%Y%m%d  %H:%M:%S}"

    def stamp(self, moment: datetime) -> str:
        """Return a time with its zone."""
        return f"{self.local(moment):%Y%m%d %H:%M:%S} {self.timezone}"

    def greeting(self, moment: datetime) -> str:
        """Return the time that the server greets with."""
        return f"{self.local(moment):%Y%m%d %H:%M:%S %Z}"

    def day(self, moment: datetime) -> str:
        """Return the date there."""
        return f"{self.local(moment):%Y%m%d}"

    def minute(self, moment: datetime) -> str:
        """Return hours and minutes there."""
        return f"{self.local(moment):%H:%M}"


def told_faults(answer: Mapping[str, Any], *, as_json: bool) -> str:
    """Return what the control socket has answered as text: what waits, what was done."""
    if as_json:
        return json.dumps(answer)
    lines = [f"waiting: {_pairs(fault)}" for fault in answer["waiting"]]
    if answer["halted"]:
        lines.append(f"halted: {', '.join(answer['halted'])}")
    lines += [
        f"{struck['at']}: {_pairs({name: struck[name] for name in struck if name != 'at'})}"
        for struck in answer["struck"]
    ]
    return "\n".join(lines) or "nothing waits, nothing has been done"


def _pairs(values: Mapping[str, Any]) -> str:
    told = {name: value for name, value in values.items() if value not in {None, ""}}
    return " ".join(f"{name}={value}" for name, value in told.items())
