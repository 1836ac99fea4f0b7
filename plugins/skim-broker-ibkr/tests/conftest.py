"""What the tests share."""

from __future__ import annotations

import logging

import pytest


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
