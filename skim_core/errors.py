"""Every error that skim raises on purpose.

One root, one leaf for each party who has to act. A message says what was found,
what was expected and what to do; the CLI prints it without a traceback, under the
leaf's `error_code`, and exits with its ``exit_code``.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

from skim_core.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BrokerError",
    "ConfigError",
    "DataError",
    "ExitCode",
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
    """Something that the person running or writing for skim can mend.

    The root of all others, and the base of a package's own errors, which have the code of
    the error that they are made from unless they name one.
    """

    error_code: ClassVar[str] = "skim"
    exit_code: ClassVar[int] = ExitCode.FAILED


class ConfigError(SkimError):
    """A setting, an argument or a phase's policy is wrong: whoever configures acts.

    The message names the file and its line, the variable or the option, what may stand there
    and what was found. Nothing was done. `skim config check` tries everything at once;
    `skim config show` says where each value comes from.
    """

    error_code = "config"
    exit_code = ExitCode.WRONG


class GraphError(ConfigError):
    """A phase graph is wrong: its strategy's author, or whoever overrides its policies, acts.

    A phase that nobody declares, a circle, a window that the session does not have, or a policy
    that contradicts another. `skim graph NAME` shows what the strategy declares; what a
    configuration changes stands in ``[strategy.NAME.phases]``. `phase` names the phase at
    fault, where it is one.
    """

    error_code = "graph"

    def __init__(self, message: str, *, phase: str | None = None) -> None:
        super().__init__(message)
        self.phase = phase


class PluginError(SkimError):
    """A plugin is missing, broken or breaks the contract: its author, or whoever installs, acts.

    `skim doctor NAME` says why, and gives the command that mends it; `skim check` tries a
    strategy against every rule.
    """

    error_code = "plugin"
    exit_code = ExitCode.WRONG


class DataError(SkimError):
    """Market data or a calendar is missing or unsound: whoever supplies it acts.

    The message names the file and the row, or what was asked for. A replay tells it before it
    starts; with `--skip-bad` it goes on without such sessions.
    """

    error_code = "data"
    exit_code = ExitCode.WRONG


class JournalError(SkimError):
    """The journal can't be opened, read or written: the operator acts.

    The disk is full, the file is somebody else's, damaged, or made by a newer skim. Nothing is
    sent that is not in the journal, so the day stops, and stops rest at the broker. Make room or
    mend the rights and `skim start_monitoring` goes on; of a damaged file `skim restore` puts
    the last copy back.
    """

    error_code = "journal"


class FenceError(JournalError):
    """Another process has written to the day: this one stopped at once.

    It can't be that two processes send orders for one day. Nothing has to be mended: the
    other one goes on; `skim status` says which it is.
    """

    error_code = "fence"


class BrokerError(SkimError):
    """The broker can't be reached or answered with a failure.

    At the start of a day nothing was begun, and the watchdog tries again; in the day stops rest
    at the broker, and everything is compared when the line is up. Start the gateway, log in, or
    mend what the message names.
    """

    error_code = "broker"
    exit_code = ExitCode.UNREACHABLE


class NotSentError(BrokerError):
    """Nothing was sent to the broker, for certain: it may be sent again.

    For brokers' authors: raise it when not a byte has left. skim sends again by itself.
    """

    error_code = "not-sent"


class OrderRefusedError(SkimError):
    """An order is unsound or not allowed; nothing was sent.

    For strategies' authors: a quantity below one share, a price off the tick, a stop on the
    wrong side, an entry into what is held already. The message says which; the phase fails
    unless its hook expects it. An entry that a limit or a halt holds up is no error: its
    order's stage says so.
    """

    error_code = "order-refused"


class SequenceError(SkimError):
    """An event does not fit the state that it is folded into: the journal is not sound.

    Somebody has changed the file, or skim has a fault. The day is not gone on with. Keep the
    file, report it, and look after what is open at the broker by hand.
    """

    error_code = "sequence"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the known name nearest to `name`, or ''.

    >>> nearest("scna", ["scan", "trade"])
    " (did you mean 'scan'?)"
    """
    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
