"""What the tests share."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, settings

# A machine that others use too is no reason to fail.
settings.register_profile("gateway", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gateway")


@pytest.fixture(autouse=True)
def _no_decoder_complains(caplog):
    """Fail when ib_async's decoder logged a warning, or the gateway a fault of its own."""
    yield
    complaints = [
        record.getMessage()
        for record in caplog.get_records("call")
        if (record.name == "ib_async.Decoder" and record.levelno >= logging.WARNING)
        or (record.name == "skim.gateway" and record.exc_info)
    ]
    assert not complaints
