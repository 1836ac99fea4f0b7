"""Every error that skim raises on purpose.

One root, one leaf for each party who has to act. A message says what was found,
what was expected and what to do; the CLI prints it without a traceback and exits
with the leaf's ``exit_code``.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BrokerError",
    "ConfigError",
    "DataError",
    "FenceError",
    "GraphError",
    "JournalError",
    "NotSentError",
    "OrderRefusedError",
    "PluginError",
    "SequenceError",
    "SkimError",
    "nearest",
]


class SkimError(Exception):
    """The root: something that the person running or writing for skim can mend."""

    exit_code: ClassVar[int] = 1


class ConfigError(SkimError):
    """A setting, an argument or a phase policy is wrong: whoever configures acts."""

    exit_code = 2


class GraphError(ConfigError):
    """A phase graph is wrong: its strategy's author, or the override's, acts."""


class PluginError(SkimError):
    """A plugin is missing, broken or breaks the contract: its author acts."""

    exit_code = 2


class DataError(SkimError):
    """Market data or a calendar is missing or unsound: whoever supplies it acts."""

    exit_code = 2


class JournalError(SkimError):
    """The journal can't be opened, read or written: the operator acts."""


class FenceError(JournalError):
    """Another process owns the day: this one must stop writing at once."""


class BrokerError(SkimError):
    """The broker can't be reached or answered with a failure."""

    exit_code = 3


class NotSentError(BrokerError):
    """Nothing was sent to the broker, for certain: it may be sent again."""


class OrderRefusedError(SkimError):
    """An order intent is unsound or not allowed; nothing was sent."""


class SequenceError(SkimError):
    """An event doesn't fit the state it is folded into: the journal is not sound."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known name nearest to `name`, or ''.

    >>> nearest("scna", ["scan", "trade"])
    " (did you mean 'scan'?)"
    """
    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
