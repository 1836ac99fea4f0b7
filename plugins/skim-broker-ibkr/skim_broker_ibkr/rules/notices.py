"""What the codes mean that TWS sends as errors: data, and questions rather than facts.

Source: IBKR, TWS API, "Message Codes", and what users of it report; a code with an order's
id says what TWS thinks of a request. What becomes of the order, only its status says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto


class Meaning(StrEnum):
    """What a notice is about."""

    LOST = auto()
    """TWS lost IBKR: nothing may be sent, but fills may be told."""
    RESTORED = auto()
    RESTORED_DATA_LOST = auto()
    """TWS has IBKR again, and forgot what was subscribed."""
    CLIENT_ID_TAKEN = auto()
    FARM = auto()
    DELAYED = auto()
    """Delayed data come instead of live ones."""
    NO_DATA = auto()
    """No data for this subscription: no permission, no line, a competing session."""
    PACING = auto()
    TOO_FAST = auto()
    WARNING = auto()
    """Something about an order, or nothing, that changes nothing."""
    REFUSAL = auto()
    """A new order is not taken, or a change of an old one."""
    QUESTION = auto()
    """Whatever else: ask what became of it."""


_CODES: dict[int, Meaning] = {
    100: Meaning.TOO_FAST,
    101: Meaning.NO_DATA,
    103: Meaning.REFUSAL,
    105: Meaning.REFUSAL,
    110: Meaning.REFUSAL,
    154: Meaning.REFUSAL,
    161: Meaning.QUESTION,
    162: Meaning.PACING,
    200: Meaning.REFUSAL,
    201: Meaning.REFUSAL,
    202: Meaning.QUESTION,
    203: Meaning.REFUSAL,
    321: Meaning.REFUSAL,
    326: Meaning.CLIENT_ID_TAKEN,
    354: Meaning.NO_DATA,
    387: Meaning.REFUSAL,
    388: Meaning.REFUSAL,
    391: Meaning.REFUSAL,
    399: Meaning.WARNING,
    404: Meaning.WARNING,
    434: Meaning.REFUSAL,
    461: Meaning.REFUSAL,
    492: Meaning.WARNING,
    1100: Meaning.LOST,
    1101: Meaning.RESTORED_DATA_LOST,
    1102: Meaning.RESTORED,
    2109: Meaning.WARNING,
    10052: Meaning.REFUSAL,
    10089: Meaning.NO_DATA,
    10167: Meaning.DELAYED,
    10168: Meaning.NO_DATA,
    10197: Meaning.NO_DATA,
    10243: Meaning.REFUSAL,
    10349: Meaning.WARNING,
}

_FARMS = {2103, 2104, 2105, 2106, 2107, 2108, 2110, 2119, 2157, 2158}


def meaning(code: int) -> Meaning:
    """Return what a code is about."""
    if code in _FARMS:
        return Meaning.FARM
    if code in _CODES:
        return _CODES[code]
    return Meaning.WARNING if code in range(2100, 2200) else Meaning.QUESTION


class FarmState(StrEnum):
    """How a data farm is."""

    UP = "up"
    BROKEN = "broken"
    IDLE = "idle"
    """It is connected when it is needed."""


@dataclass(frozen=True, slots=True)
class FarmNotice:
    """A farm, by the name that TWS gives it, and how it is."""

    farm: str
    state: FarmState


_FARM_STATES = {
    2103: FarmState.BROKEN,
    2105: FarmState.BROKEN,
    2110: FarmState.BROKEN,
    2157: FarmState.BROKEN,
    2104: FarmState.UP,
    2106: FarmState.UP,
    2158: FarmState.UP,
    2107: FarmState.IDLE,
    2108: FarmState.IDLE,
    2119: FarmState.IDLE,
}


def farm_notice(code: int, text: str) -> FarmNotice:
    """Return what a notice says of a farm, named after its text's last colon."""
    _, colon, name = text.rpartition(":")
    farm = name.strip() if colon else "server" if code == 2110 else text  # noqa: PLR2004
    return FarmNotice(farm, _FARM_STATES[code])


class Farms:
    """How each farm is, by the last that was told of it. It informs; it stops nothing."""

    def __init__(self) -> None:
        self.states: dict[str, FarmState] = {}

    def hear(self, notice: FarmNotice) -> bool:
        """Take in a notice; return whether the farm came back from being broken."""
        before = self.states.get(notice.farm)
        self.states[notice.farm] = notice.state
        return before is FarmState.BROKEN and notice.state is FarmState.UP

    @property
    def broken(self) -> list[str]:
        """The farms that are broken."""
        return sorted(name for name, state in self.states.items() if state is FarmState.BROKEN)
