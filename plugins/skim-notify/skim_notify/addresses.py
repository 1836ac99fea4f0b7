"""The channels' addresses: read from the environment or a file, and never told."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from skim_core.errors import ConfigError
from skim_notify.config import USUAL_VARIABLE, ChannelConfig, NotifyConfig

log = logging.getLogger("skim.notify")

_LARGEST = 4096

_TALKATIVE = ("apprise", "httpcore", "httpcore2", "httpx2", "requests", "urllib3")
"""Loggers that write addresses, at some level: what matters is told by this package itself."""


def hush() -> None:
    """Keep libraries from logging the addresses that they write to."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def channels_of(
    config: NotifyConfig, environment: Mapping[str, str]
) -> dict[str, tuple[ChannelConfig, SecretStr]]:
    """Return the channels with their addresses.

    Without any configured it is ``discord``, when its usual variable is set. Raises ConfigError,
    which tells where an address was looked for, not what was found.
    """
    configured = dict(config.channels)
    if not configured and environment.get(USUAL_VARIABLE, "").strip():
        configured["discord"] = ChannelConfig.model_validate({"url_variable": USUAL_VARIABLE})
    return {
        name: (channel, SecretStr(_address(name, channel, environment)))
        for name, channel in configured.items()
    }


def _address(name: str, channel: ChannelConfig, environment: Mapping[str, str]) -> str:
    if channel.url_file is not None:
        return _from_file(name, channel.url_file)
    variable = channel.url_variable or ""
    found = environment.get(variable, "").strip()
    if not found:
        msg = f"channel {name!r}: the variable {variable} is not set: set it to the address."
        raise ConfigError(msg)
    return found


def _from_file(name: str, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as stream:
            text = stream.read(_LARGEST + 1)
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        msg = f"channel {name!r}: its address is to be in {path}, which can't be read ({why})."
        raise ConfigError(msg) from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) != 1 or len(text) > _LARGEST:
        msg = f"channel {name!r}: {path} must hold the address on one line, and nothing else."
        raise ConfigError(msg)
    if os.name == "posix" and mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning(
            "%s can be read by other users (mode %04o) and holds the address of channel %r: "
            "run 'chmod go-r %s'.",
            path,
            mode,
            name,
            path,
        )
    return lines[0]
