"""A recorded file that polars ends its process on ends no gateway: it is told.

Each gateway has a process of its own here, which such a file would end.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import subprocess
import sys

import ib_async
import pytest

pl = pytest.importorskip("polars")

PATIENCE = 60
RUN = [sys.executable, "-c", "from skim_gateway.commands import run; run()", "run"]
DATES = ("2025-06-16", "2025-06-17", "2025-06-18")


@pytest.fixture
def data(tmp_path):
    """Record half an hour of two shares on three days, as Parquet files."""
    folder = tmp_path / "data" / "bars_1m" / "XASX"
    folder.mkdir(parents=True)
    for date in DATES:
        start = dt.datetime.fromisoformat(f"{date}T00:00:00+00:00")
        rows = [
            (symbol, start + dt.timedelta(minutes=minute), 10.0, 10.5, 9.5, 10.0, 1000.0)
            for symbol in ("AAA", "BBB")
            for minute in range(30)
        ]
        columns = ("symbol", "ts", "open", "high", "low", "close", "volume")
        table = pl.DataFrame(rows, schema=columns, orient="row")
        table.write_parquet(folder / f"{date}.parquet")
    return tmp_path / "data"


def spoil(data, date):
    """Change the byte of a file with which polars asks for memory without bounds."""
    path = data / "bars_1m" / "XASX" / f"{date}.parquet"
    content = bytearray(path.read_bytes())
    content[48] = 1
    path.write_bytes(content)
    return path


def test_polars_can_not_read_such_a_file(data):
    code = "import polars, sys; polars.read_parquet(sys.argv[1])"
    command = [sys.executable, "-c", code, spoil(data, DATES[0])]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode != 0


def test_a_gateway_is_refused_for_the_session_of_such_a_file(data):
    path = spoil(data, DATES[2])
    command = [*RUN, "--data", data, "--port", "0", "--start", "open"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert refused.returncode == 2
    assert f"{path} is not a sound Parquet file (" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_gateway_serves_on_when_it_is_asked_for_the_session_of_such_a_file(data):
    path = spoil(data, DATES[0])
    process = subprocess.Popen(
        [*RUN, "--data", data, "--port", "0", "--start", "open+20m", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    async def asked(where):
        ib = ib_async.IB()
        await ib.connectAsync(where["host"], where["port"], clientId=1, timeout=PATIENCE)
        [share] = await ib.qualifyContractsAsync(ib_async.Stock("AAA", "SMART", "AUD"))

        def bars(duration):
            return ib.reqHistoricalDataAsync(share, "", duration, "1 min", "TRADES", useRTH=True)

        errors = []
        ib.errorEvent += lambda _number, code, why, _contract: errors.append((code, why))
        assert not await asyncio.wait_for(bars("3 D"), PATIENCE)
        assert await asyncio.wait_for(bars("1 D"), PATIENCE)
        ib.disconnect()
        return errors

    try:
        [(code, why)] = asyncio.run(asked(json.loads(process.stdout.readline())))
        assert code == 322
        assert f"{path} is not a sound Parquet file (" in why
    finally:
        process.terminate()
        _, said = process.communicate(timeout=PATIENCE)
    assert f"{path} is not a sound Parquet file (" in said
    assert process.returncode == 0
