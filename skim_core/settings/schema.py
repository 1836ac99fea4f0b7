"""The keys of the configuration: their types, defaults and meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from platformdirs import user_state_path
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from skim_core.model.base import Name
from skim_core.model.limits import Limits
from skim_core.model.session import Mic
from skim_core.settings.forms import (
    AbsolutePath,
    Extensions,
    Failures,
    Length,
    Level,
    LogLevel,
    Origin,
    Pace,
    Written,
    default_journal,
    default_pace,
)
from skim_core.settings.limits import LIMITS, AccountLimits, read_limits
from skim_core.settings.masking import plain
from skim_core.settings.sizes import GIB, Size

_MISFIT = "misfit"

PHASES = "phases"
"""The sub-table of a strategy's table with the overrides of its phases."""

PRIORITY = "priority"
"""The key of a strategy's table that says who may enter first; 0 when it isn't set."""

ENABLED = "enabled"
"""The key of a strategy's table that says whether its days are begun."""


def _unknown(_path: tuple[str, ...]) -> str:
    return "the configuration"


class Settings(BaseModel):
    """Everything that can be configured; `load_settings` makes it.

    Free tables hold what a broker (``[brokers.<name>]``), a strategy (``[strategy.<name>]``)
    or an extension (``[extension.<name>]``) validates with a model of its own.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        validate_default=True,
    )

    exchange: Annotated[Mic, Written("a market identifier code (ISO 10383) such as 'XASX'")] = (
        Field("XASX", description="The exchange whose sessions are traded.")
    )
    broker: Annotated[Name, Written("the name of an installed broker, such as 'sim'")] = Field(
        "sim", description="Where market data comes from and orders go."
    )
    engine: Annotated[Name, Written("the name of an installed engine, such as 'local'")] = Field(
        "local", description="What runs the days."
    )
    account: Annotated[str, Written("1 to 40 letters, digits, dots, hyphens or underscores")] = (
        Field(
            "paper",
            pattern=r"^[A-Za-z0-9._\-]{1,40}$",
            description="The broker's account number; part of a trading day's identity.",
        )
    )
    trading_mode: Annotated[Literal["paper", "live"], Written("'paper' or 'live'")] = Field(
        "paper", description="Whether real money is traded; 'live' needs the account as well."
    )
    pace: Annotated[
        Pace,
        Written(
            "'fast', 'real' or a number above 0", "'fast' on the broker sim, 'real' on any other"
        ),
    ] = Field(
        default_factory=default_pace,
        description="How fast a day passes: as fast as it can, as the wall clock does, or that "
        "many times as fast. Only the simulated exchange can be hurried.",
    )
    lead: Annotated[Length, Written("a duration of at most 24h, such as '15m'")] = Field(
        timedelta(minutes=15),
        le=timedelta(hours=24),
        description="How long before the open a day's process starts (a duration: ms, s, m, h).",
    )
    directory: Annotated[
        AbsolutePath, Written("a folder (a path)", "the user's state folder for skim")
    ] = Field(
        default_factory=lambda: user_state_path("skim"),
        description="The folder where the journal, recorded state and calendars live. In the "
        "file, a relative path starts at the file's folder.",
    )
    journal: Annotated[
        AbsolutePath, Written("a file (a path, not a URL)", "journal.sqlite in the directory")
    ] = Field(
        default_factory=default_journal,
        description="The file that keeps the journal. In the file, a relative path starts at "
        "the file's folder.",
    )
    log_level: Annotated[Level, Written("'debug', 'info', 'warning' or 'error'")] = Field(
        LogLevel.WARNING, description="How much is logged."
    )
    lease_term: Annotated[Length, Written("a duration from 1s to 1h, such as '30s'")] = Field(
        timedelta(seconds=30),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="How long after its last sign of life another process may take a day over "
        "(a duration: ms, s, m, h).",
    )
    protection_limit: Annotated[Length, Written("a duration from 1s to 1h, such as '1m'")] = Field(
        timedelta(minutes=1),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="How long a position may be without a working stop before that is told "
        "(a duration: ms, s, m, h).",
    )
    halt_after: Annotated[Failures, Written("a whole number from 1")] = Field(
        3,
        ge=1,
        description="After how many failures in a row of a repeating phase a strategy's entries "
        "are halted; its stops stay.",
    )
    limits: Annotated[AccountLimits, Written("a table of limits: [limits]")] = Field(
        default_factory=Limits,
        description="What entries may not exceed, all strategies of the account together.",
    )
    memory_limit: Annotated[
        Size, Written("a size of at least 256MiB (MiB, GiB or a number of bytes)", "'4GiB'")
    ] = Field(
        4 * GIB,
        ge=GIB // 4,
        description="How much memory a process that runs days may have: what asks for more "
        "fails its phase.",
    )
    extensions: Annotated[Extensions, Written("'all', or a list of names; [] for none")] = Field(
        "all",
        description="The extensions that are loaded (in the environment: names with commas "
        "between them, or nothing for none).",
    )
    brokers: Annotated[
        dict[Name, dict[str, Any]], Written("a table for each broker: [brokers.<name>]")
    ] = Field(
        default_factory=dict,
        description="A broker's own options, validated by the broker.",
    )
    strategies: Annotated[
        dict[Name, dict[str, Any]], Written("a table for each strategy: [strategy.<name>]")
    ] = Field(
        default_factory=dict,
        validation_alias="strategy",
        serialization_alias="strategy",
        description="A strategy's own settings, validated by the strategy; in its sub-table "
        "phases, [strategy.<name>.phases.<phase>], any field of a phase's policy; in "
        "[strategy.<name>.limits] the limits of this strategy alone; with enabled = false none of "
        "its days is begun; of strategies that are due together the one with the lowest priority "
        "(0 when not set) may enter first.",
    )

    extension_tables: Annotated[
        dict[Name, dict[str, Any]], Written("a table for each extension: [extension.<name>]")
    ] = Field(
        default_factory=dict,
        validation_alias="extension",
        serialization_alias="extension",
        description="An extension's own settings, validated by the extension.",
    )

    _file: Path | None = PrivateAttr(None)
    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)
    _where: Callable[[tuple[str, ...]], str] = PrivateAttr(default_factory=lambda: _unknown)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.trading_mode == "live" and (
            "account" not in self.model_fields_set or self.account == "paper"
        ):
            reason = (
                "trading_mode 'live' needs the account's number: set account, "
                "or trade on paper with trading_mode = 'paper'"
            )
            raise PydanticCustomError(_MISFIT, reason, {"key": "trading_mode"})
        if self.broker != "sim" and self.pace != "real":
            reason = (
                "pace is {pace} but the broker is '{broker}', which can't be hurried: "
                "leave pace out or set it to 'real'"
            )
            context = {"key": "pace", "pace": repr(self.pace), "broker": self.broker}
            raise PydanticCustomError(_MISFIT, reason, context)
        for name, table in self.strategies.items():
            _check_enabled(name, table.get(ENABLED, True))
            _check_priority(name, table.get(PRIORITY, 0))
            _check_phases(name, table.get(PHASES, {}))
            read_limits(table.get(LIMITS, {}), _limits_of(name))
        return self

    @property
    def journal_path(self) -> Path:
        """The file that keeps the journal."""
        return self.journal

    @property
    def file(self) -> Path | None:
        """The file that was read; None when there was none."""
        return self._file

    def origin(self, key: str) -> Origin:
        """Return where the value of a (dotted) key, or the first one below it, came from."""
        for known, origin in self._origins.items():
            if known == key or known.startswith(f"{key}."):
                return origin
        return Origin.DEFAULT

    def loaded_from(self, file: Path | None, origins: Mapping[str, Origin]) -> Self:
        """Note where the values came from, and return the settings."""
        self._file = file
        self._origins = dict(origins)
        return self

    def located(self, where: Callable[[tuple[str, ...]], str]) -> Self:
        """Note what says where a key stands, and return the settings."""
        self._where = where
        return self

    def where(self, *path: str) -> str:
        """Return who set a key, as a message starts with it: the file and its line, a variable."""
        return self._where(path)

    def strategy(self, name: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Return a strategy's own settings, and its phases' policy overrides by phase.

        Both are empty for a strategy that is not configured.
        """
        table = dict(self.strategies.get(name, {}))
        phases = table.pop(PHASES, {})
        table.pop(LIMITS, None)
        table.pop(ENABLED, None)
        table.pop(PRIORITY, None)
        return table, {phase: dict(policy) for phase, policy in phases.items()}

    def is_enabled(self, name: str) -> bool:
        """Whether days of a strategy are begun: unless its table says ``enabled = false``."""
        return bool(self.strategies.get(name, {}).get(ENABLED, True))

    def priority(self, name: str) -> int:
        """Return a strategy's priority: of several due together the lowest may enter first."""
        return int(self.strategies.get(name, {}).get(PRIORITY, 0))

    def strategy_limits(self, name: str) -> Limits:
        """Return a strategy's own limits; none for one that is not configured."""
        return read_limits(self.strategies.get(name, {}).get(LIMITS, {}), _limits_of(name))

    def broker_options(self, name: str) -> dict[str, Any]:
        """Return a broker's own options; empty for one that is not configured."""
        return dict(self.brokers.get(name, {}))

    def extension(self, name: str) -> dict[str, Any]:
        """Return an extension's own settings; empty for one that is not configured."""
        return dict(self.extension_tables.get(name, {}))

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, plain(value) if isinstance(value, Mapping) else value


def _limits_of(strategy: str) -> str:
    return f"strategy.{strategy}.{LIMITS}"


def _check_enabled(strategy: str, enabled: Any) -> None:
    if not isinstance(enabled, bool):
        key = f"strategy.{strategy}.{ENABLED}"
        reason = "{key} must be true or false, found {found}"
        raise PydanticCustomError(_MISFIT, reason, {"key": key, "found": repr(enabled)})


def _check_priority(strategy: str, priority: Any) -> None:
    if not isinstance(priority, int) or isinstance(priority, bool):
        key = f"strategy.{strategy}.{PRIORITY}"
        reason = "{key} must be a whole number (the lowest is first), found {found}"
        raise PydanticCustomError(_MISFIT, reason, {"key": key, "found": repr(priority)})


def _check_phases(strategy: str, phases: Any) -> None:
    key = f"strategy.{strategy}.{PHASES}"
    if not isinstance(phases, dict):
        reason = "{key} must be tables: write [{key}.<phase>] and the policy's fields below it"
        raise PydanticCustomError(_MISFIT, reason, {"key": key})
    for phase, policy in phases.items():
        if not isinstance(policy, dict):
            reason = (
                "{key}.{phase} must be a table: write [{key}.{phase}] and the policy's "
                "fields below it"
            )
            raise PydanticCustomError(_MISFIT, reason, {"key": key, "phase": phase})
