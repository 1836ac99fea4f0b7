"""What a command was asked for, and the settings that follow from it."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from skim_core.cli.logs import begin_logging
from skim_core.errors import ConfigError
from skim_core.settings import Settings, exposed_secret, load_settings


@dataclass(frozen=True)
class Wanted:
    """The options that most commands have in common."""

    config: Path | None = None
    session: str | None = None
    pace: str | None = None
    broker: str | None = None
    exchange: str | None = None
    data: Path | None = None
    seed: int | None = None
    as_json: bool = False
    debug: bool = False
    account: str | None = None
    folder: Path | None = None

    def in_folder(self, folder: Path) -> Wanted:
        """Return the same for a simulated day that stays in a folder and notifies nobody."""
        return replace(self, folder=folder, broker="sim", pace=self.pace or "fast")

    def settings(self) -> Settings:
        """Load the settings: options before environment before file.

        Raises ConfigError.
        """
        given = {
            "SKIM_PACE": self.pace,
            "SKIM_BROKER": self.broker,
            "SKIM_EXCHANGE": self.exchange,
            "SKIM_ACCOUNT": self.account,
            **market_of(self.data, self.seed),
            **_only_in(self.folder),
        }
        return settings_with(given, self.config, debug=self.debug)

    @property
    def date(self) -> dt.date | None:
        """The date of the session that was asked for. Raises ConfigError for no date."""
        return parse_date(self.session, "--session") if self.session else None


def _only_in(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {}
    return {
        "SKIM_DIRECTORY": str(folder.absolute()),
        "SKIM_JOURNAL": str(folder.absolute() / "journal.sqlite"),
        "SKIM_EXTENSIONS": "",
        "SKIM_TRADING_MODE": "paper",
        "SKIM_ACCOUNT": "paper",
    }


def market_of(data: Path | None, seed: int | None) -> dict[str, str | None]:
    """Return the settings that the options of the simulated market stand for."""
    return {
        "SKIM_BROKERS__SIM__DATA": str(data.resolve()) if data else None,
        "SKIM_BROKERS__SIM__SEED": None if seed is None else str(seed),
    }


def settings_with(given: Mapping[str, str | None], config: Path | None, *, debug: bool) -> Settings:
    """Load the settings, `given` before environment before file, and begin to log.

    What is None was not given. Raises ConfigError.
    """
    options = {name: value for name, value in given.items() if value is not None}
    settings = load_settings(config, os.environ, options)
    begin_logging(logging.DEBUG if debug else settings.log_level.upper())
    if warning := exposed_secret(settings):
        logging.getLogger("skim").warning("%s", warning)
    return settings


def parse_date(text: str, option: str) -> dt.date:
    """Read a date as YYYY-MM-DD. Raises ConfigError naming the option."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        msg = f"{option} {text!r} is not a date: write it as 2026-01-30."
        raise ConfigError(msg) from None
