"""What waits in an inbox holds time, and only as long as somebody will read it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from skim_core.clock.virtual import VirtualClock
from skim_core.engine.inbox import Inbox

START = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def clock():
    return VirtualClock(START)


def test_a_message_that_waits_holds_time(clock):
    inbox = Inbox(clock)
    inbox.put("a fill")
    assert clock.holds == 1


def test_a_closed_inbox_holds_no_time_for_what_nobody_will_read(clock):
    inbox = Inbox(clock)
    inbox.busy()
    inbox.put("a fill")
    inbox.close()
    assert clock.holds == 0


def test_a_closed_inbox_takes_nothing_more(clock):
    inbox = Inbox(clock)
    inbox.close()
    inbox.put("a fill")
    assert clock.holds == 0
