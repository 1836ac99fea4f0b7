"""Why TWS can't be used, told apart so that an examination can name it."""

from __future__ import annotations

from enum import StrEnum

from skim_core.errors import BrokerError

INVALID = 321
"""A request is not taken, for any of many reasons. Source: IBKR, TWS API, "Message Codes"."""


class Stage(StrEnum):
    """How far a connection came, in the order in which it is made."""

    PORT = "port"
    GREETING = "version"
    CLIENT_ID = "client id"
    LOGIN = "login"


class LineError(BrokerError):
    """No connection could be made: it failed at `stage`."""

    def __init__(self, message: str, stage: Stage) -> None:
        super().__init__(message)
        self.stage = stage


class ReadOnlyError(BrokerError):
    """The API of TWS is set to read only: it tells no orders, and takes none."""

    def __init__(self) -> None:
        super().__init__(
            "the API of TWS is in Read-Only mode, so it tells no orders and takes none: turn "
            "'Read-Only API' off (Configure, API, Settings)."
        )


def is_read_only(code: int, text: str) -> bool:
    """Whether an error says that the API is set to read only; 321 says many other things."""
    return code == INVALID and "read-only" in text.lower()
