"""The section ``[extension.notify]``: which channels there are, and what each is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from skim_core import PositiveDuration
from skim_notify.notices import Kind

USUAL_VARIABLE = "DISCORD_WEBHOOK_URL"
"""Where the address of a Discord channel is when nothing is configured."""


def _from_the_root(path: Path) -> Path:
    path = path.expanduser()
    if not path.is_absolute():
        msg = f"{path} starts wherever skim is run: write the whole path, from / or ~"
        raise ValueError(msg)
    return path


WholePath = Annotated[Path, AfterValidator(_from_the_root)]
"""A path that means the same file wherever skim is run, by cron or by a person."""


class ChannelConfig(BaseModel):
    """One channel, ``[extension.notify.channels.<name>]``.

    Its address is a secret: whoever has it can write there. So it stands in a variable of the
    environment or in a file of its own, never in skim.toml.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url_variable: str | None = Field(
        None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        repr=False,  # somebody may write the address itself here: no message is to show it
        description="The variable of the environment that holds the address.",
    )
    url_file: WholePath | None = Field(
        None, repr=False, description="The file that holds the address, and nothing else."
    )
    events: tuple[Kind, ...] = Field(
        tuple(Kind), description="What the channel is told: candidates, trades, stops, …"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.url_variable is None) == (self.url_file is None):
            msg = "set url_variable or url_file, one of them: where the channel's address is"
            raise ValueError(msg)
        return self


class NotifyConfig(BaseModel):
    """The section ``[extension.notify]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: dict[str, ChannelConfig] = Field(
        default_factory=dict,
        description="The channels by name; one, discord, with its address in the variable "
        "DISCORD_WEBHOOK_URL, when none is configured.",
    )
    batch: PositiveDuration = Field(
        timedelta(seconds=2),
        description="How long a channel waits for more, so that what happens together is told "
        "together.",
    )
    capacity: Annotated[int, Field(ge=10, le=10_000)] = Field(
        500,
        description="How many notices may wait for a channel; the oldest give way to newer "
        "ones, and the channel is told how many.",
    )
    timeout: PositiveDuration = Field(
        timedelta(seconds=10), description="How long one message may take to be sent."
    )
    give_up_after: PositiveDuration = Field(
        timedelta(minutes=5), description="How long a message is tried before it is dropped."
    )
