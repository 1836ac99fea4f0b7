"""What ``skim doctor --broker`` asks of a broker: whether all is there that trading needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Severity(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    """Days can be run, but it should be known or mended."""
    ERROR = "error"
    """Days can't be run, or not soundly, until it is mended."""


@dataclass(frozen=True, slots=True)
class BrokerFinding:
    """One thing that was looked at: `what` was found, and what `mends` it ('' when it's ok)."""

    topic: str
    severity: Severity
    what: str
    mends: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was found; `reached` tells whether the broker was there at all."""

    reached: bool
    findings: tuple[BrokerFinding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing has to be mended."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


@runtime_checkable
class Examinable(Protocol):
    """A broker that can be examined; an addition to the port `Broker` that none must have."""

    async def examine(self, symbols: Sequence[str] = ()) -> Examination:
        """Look at the broker and the account, and find what is missing to trade.

        Connects if it isn't connected, and changes nothing. `symbols`: whether these have
        market data, and may be ordered, too. What is wrong is a finding, and not raised.
        """
