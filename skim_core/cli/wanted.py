"""What a command was asked for, and the settings that follow from it."""

from __future__ import annotations

import datetime as dt
import logging
import os
from dataclasses import dataclass
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

    def settings(self) -> Settings:
        """Load the settings: options before environment before file.

        Raises ConfigError.
        """
        given = {
            "SKIM_PACE": self.pace,
            "SKIM_BROKER": self.broker,
            "SKIM_EXCHANGE": self.exchange,
            "SKIM_ACCOUNT": self.account,
            "SKIM_BROKERS__SIM__DATA": str(self.data.resolve()) if self.data else None,
            "SKIM_BROKERS__SIM__SEED": None if self.seed is None else str(self.seed),
        }
        options = {name: value for name, value in given.items() if value is not None}
        settings = load_settings(self.config, os.environ, options)
        level = logging.DEBUG if self.debug else settings.log_level.upper()
        begin_logging(level)
        if warning := exposed_secret(settings):
            logging.getLogger("skim").warning("%s", warning)
        return settings

    @property
    def date(self) -> dt.date | None:
        """The date of the session that was asked for. Raises ConfigError for no date."""
        return parse_date(self.session, "--session") if self.session else None


def parse_date(text: str, option: str) -> dt.date:
    """Read a date as YYYY-MM-DD. Raises ConfigError naming the option."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        msg = f"{option} {text!r} is not a date: write it as 2026-01-30."
        raise ConfigError(msg) from None
