"""What the tests share."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, settings

# A machine that others use too is no reason to fail.
settings.register_profile("ibkr", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ibkr")


@pytest.fixture(autouse=True)
def _nothing_goes_wrong_unseen(caplog):
    """Fail when ib_async's decoder, or the event loop, logged an error."""
    yield
    complaints = [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.name in {"ib_async.Decoder", "asyncio"} and record.levelno >= logging.ERROR
    ]
    assert not complaints
