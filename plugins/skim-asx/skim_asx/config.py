"""The section ``[extension.asx]``: where data comes from, where it is kept, what is filtered."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from skim_core import PositiveDuration

Code = Annotated[str, Field(pattern=r"^[A-Z0-9]{3,6}$")]
"""A code as the exchange writes it."""

Percent = Decimal | None


def _from_the_root(path: Path) -> Path:
    path = path.expanduser()
    if not path.is_absolute():
        msg = f"{path} starts wherever skim is run: write the whole path, from / or ~"
        raise ValueError(msg)
    return path


WholePath = Annotated[Path, AfterValidator(_from_the_root)]
"""A path that means the same file wherever skim is run, by cron or by a person."""


class AnnouncementsConfig(BaseModel):
    """The table ``[extension.asx.announcements]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        default="https://www.asx.com.au/asx/v2/statistics/todayAnns.do",
        pattern=r"^https?://\S+$",
        description="The exchange's page of today's announcements.",
    )
    previous_url: str = Field(
        default="https://www.asx.com.au/asx/v2/statistics/prevBusDayAnns.do",
        pattern=r"^https?://\S+$",
        description="Its page of the previous trading day's announcements.",
    )
    after_close: bool = Field(
        default=False,
        description="Whether news count that were published after the close of the trading day "
        "before (16:00 in Sydney).",
    )
    interval: PositiveDuration = Field(
        default=timedelta(seconds=20),
        description="How long the exchange is left alone after a request; until then the saved "
        "page is read.",
    )
    timeout: PositiveDuration = Field(
        default=timedelta(seconds=8), description="How long one request may take in all."
    )
    include: frozenset[Code] = Field(
        default=frozenset(), description="Codes that alone are looked at; all when empty."
    )
    exclude: frozenset[Code] = Field(default=frozenset(), description="Codes that are left out.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.include and self.exclude:
            msg = "set include or exclude, one of them: what is not included is left out"
            raise ValueError(msg)
        return self


class CoolTraderConfig(BaseModel):
    """The table ``[extension.asx.cooltrader]``: the subscription of end-of-day files.

    User and password are secrets: they stand in two variables of the environment, or on the two
    lines of a file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        default="https://data.cooltrader.com.au",
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost)(:|$))[^/\s]*$",
        description="The server of the files; https, since it is sent a password.",
    )
    login_variables: tuple[str, str] = Field(
        default=("COOLTRADER_USERNAME", "COOLTRADER_PASSWORD"),
        description="The variables with the user and the password.",
    )
    login_file: WholePath | None = Field(
        default=None,
        description="A file with the user on its first line and the password on its second.",
    )
    timeout: PositiveDuration = Field(
        default=timedelta(seconds=30), description="How long one answer may take in all."
    )


class HistoryConfig(BaseModel):
    """A filter by past prices, ``[extension.asx.history.<name>]``; phases name it ``<name>``.

    Returns are in per cent, from the first to the last close of 90 and 180 calendar days;
    the bounds themselves pass. The volume is the mean of the 90 days, in shares.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    return_3m_minimum: Percent = Field(
        default=None,
        description="Least return of 90 calendar days, from the first to the last close, in per cent.",
    )
    return_3m_maximum: Percent = Field(
        default=None, description="Most return of 90 calendar days, in per cent."
    )
    return_6m_minimum: Percent = Field(
        default=None, description="Least return of 180 calendar days, in per cent."
    )
    return_6m_maximum: Percent = Field(
        default=None, description="Most return of 180 calendar days, in per cent."
    )
    volume_minimum: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Least mean volume of the 90 days, in shares."
    )
    require_3m: bool = Field(
        default=True, description="Whether a share without 90 days' data is dropped."
    )
    require_6m: bool = Field(default=False, description="The same for 180 days.")
    oldest: Annotated[int, Field(ge=1, le=60)] = Field(
        default=7,
        description="For how many calendar days before the session the newest prices may be: "
        "older ones fail the filter.",
    )


class AsxConfig(BaseModel):
    """The section ``[extension.asx]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: WholePath | None = Field(
        default=None,
        description="The folder that prices are kept in; skim's own for the extension when not "
        "given. The simulated exchange reads it with --data.",
    )
    announcements: AnnouncementsConfig = Field(default_factory=AnnouncementsConfig)
    cooltrader: CoolTraderConfig = Field(default_factory=CoolTraderConfig)
    history: dict[str, HistoryConfig] = Field(
        default_factory=dict, description="Filters by past prices, by the name that phases use."
    )

    def data_folder(self, directory: Path) -> Path:
        """Return the folder of the prices; `directory` is the extension's own."""
        return self.data if self.data is not None else directory / "data"
