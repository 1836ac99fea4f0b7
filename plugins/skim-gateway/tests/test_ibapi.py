"""The official client, in a process of its own: every message reaches a callback."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from gateway_world import Market, gateway, minute

SCRIPT = Path(__file__).with_name("ibapi_script.py")
DEADLINE = 60

# It moves every few seconds, so that what streams has something to tell.
MOVING = Market({"BHP": dict.fromkeys(range(360), (1.0, 1.2, 0.9, 1.1))})


@pytest.mark.skipif(find_spec("ibapi") is None, reason="ibapi-stable is not installed")
def test_the_official_client_hears_every_message():
    async def scenario():
        async with gateway(MOVING, start=minute(5)) as world:
            script = await asyncio.create_subprocess_exec(
                sys.executable,
                "-W",
                "ignore",
                SCRIPT,
                *map(str, world.server.address),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            ended = asyncio.create_task(script.communicate())
            try:
                async with asyncio.timeout(DEADLINE):
                    while not ended.done():
                        await world.clock.advance(world.clock.now() + dt.timedelta(seconds=5))
                        await asyncio.sleep(0.05)
            except TimeoutError:
                script.kill()
            said, failed = await ended
            assert script.returncode == 0, failed.decode()
            return json.loads(said)

    result = asyncio.run(scenario())
    assert result["version"] == 178
    assert result["lost"] == []
    assert result["complaints"] == []
    assert result["codes"] == [200, 202, 2104, 2106, 2158]
    assert result["called"]["openOrder"] >= 5
    assert result["called"]["completedOrder"] == 2
    assert result["called"]["execDetails"] == 2
