"""Whether a subscription lives: by when it last said something, never by its socket."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class Heard:
    """When a subscription was made and when it last said something."""

    made_at: datetime
    heard_at: datetime | None = None
    broken: str = ""

    def silent_for(self, now: datetime) -> timedelta:
        """Return how long nothing was heard of it."""
        return now - (self.heard_at or self.made_at)


class Subscriptions(Generic[K]):
    """The subscriptions that there are, the least recently wanted first; at most `most`."""

    def __init__(self, most: int, stale_after: timedelta) -> None:
        self._most = most
        self._stale_after = stale_after
        self._heard: OrderedDict[K, Heard] = OrderedDict()

    def __contains__(self, key: K) -> bool:
        return key in self._heard

    def __getitem__(self, key: K) -> Heard:
        return self._heard[key]

    def __len__(self) -> int:
        return len(self._heard)

    def want(self, key: K) -> bool:
        """Say that one is wanted; return whether it is there."""
        if key not in self._heard:
            return False
        self._heard.move_to_end(key)
        return True

    def add(self, key: K, now: datetime) -> list[K]:
        """Have a new one; return those that have to be cancelled to make room."""
        self._heard[key] = Heard(now)
        self._heard.move_to_end(key)
        superfluous = list(self._heard)[: max(0, len(self._heard) - self._most)]
        for each in superfluous:
            del self._heard[each]
        return superfluous

    def hear(self, key: K, now: datetime) -> None:
        """Take in a sign of life."""
        heard = self._heard.get(key)
        if heard is not None:
            heard.heard_at, heard.broken = now, ""

    def break_off(self, key: K, why: str) -> None:
        """Take in that nothing can be expected of one."""
        heard = self._heard.get(key)
        if heard is not None:
            heard.broken = why

    def drop(self, key: K) -> None:
        """Have it no more."""
        self._heard.pop(key, None)

    def clear(self) -> list[K]:
        """Have none any more; return those that there were."""
        keys = list(self._heard)
        self._heard.clear()
        return keys

    def stale(self, key: K, now: datetime) -> bool:
        """Whether one has to be made anew: silent for too long, or broken."""
        heard = self._heard[key]
        return bool(heard.broken) or heard.silent_for(now) > self._stale_after

    def distrust(self) -> None:
        """Have all made anew when they are next wanted: their farm was broken meanwhile."""
        for heard in self._heard.values():
            heard.broken = "its data farm was broken"
