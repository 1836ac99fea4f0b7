"""How times are written in messages, in the gateway's own time zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
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
