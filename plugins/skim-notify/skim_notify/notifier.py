"""From the events of days, and what people say, to the channels."""

from __future__ import annotations

from collections.abc import Mapping

from skim_core import TradingDay
from skim_core.events import Control, Event
from skim_notify.addresses import channels_of, hush
from skim_notify.channels import make_channel
from skim_notify.config import NotifyConfig
from skim_notify.controls import notice_of
from skim_notify.fold import Notices
from skim_notify.sending import Patience, Route, Sender


class Notifier:
    """Turns events into notices, and lets a sender tell them."""

    def __init__(self, config: NotifyConfig, currency: str, environment: Mapping[str, str]) -> None:
        hush()
        routes = routes_of(config, environment)
        self._notices = Notices(currency)
        self._sender = Sender(routes.values(), patience_of(config)) if routes else None

    def hear(self, event: Event, day: TradingDay) -> None:
        """Take an event. Never waits for a channel."""
        if self._sender is None:
            return
        notice = self._notices.take(event, day)
        if notice is not None:
            self._sender.offer(notice)

    def close(self) -> None:
        """Send what waits, for a few seconds, and stop."""
        if self._sender is not None:
            self._sender.close()


def tell_control(
    control: Control, config: NotifyConfig, exchange: str, environment: Mapping[str, str]
) -> None:
    """Tell what a person said, within a few seconds. Raises ConfigError as `routes_of` does."""
    notice = notice_of(control, exchange)
    routes = routes_of(config, environment)
    if notice is None or not routes:
        return
    hush()
    sender = Sender(routes.values(), patience_of(config))
    sender.offer(notice)
    sender.close()


def routes_of(config: NotifyConfig, environment: Mapping[str, str]) -> dict[str, Route]:
    """Return the channels by name. Raises ConfigError for one without a usable address."""
    timeout = config.timeout.total_seconds()
    return {
        name: Route(name, make_channel(name, address, timeout), frozenset(channel.events))
        for name, (channel, address) in channels_of(config, environment).items()
    }


def patience_of(config: NotifyConfig) -> Patience:
    """Return how long sending may take, by the configuration."""
    return Patience(
        batch=config.batch.total_seconds(),
        give_up_after=config.give_up_after.total_seconds(),
        capacity=config.capacity,
    )
