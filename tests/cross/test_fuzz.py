"""Whatever stands in a file, a row or an argument: a plain answer, a documented exit code.

The command runs in this process, as the console script does. What the journal held before
a command, it holds after it.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sqlite3
import sys
import tempfile
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shutil import copytree
from textwrap import dedent

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, example, given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from skim_core.calendar.exchanges import load_exchange
from skim_core.calendar.sessions import SessionCalendar
from skim_core.cli.main import run
from skim_core.errors import GraphError, JournalError, SkimError
from skim_core.journal.sqlite import SqliteJournal
from skim_core.model.events import event_from_json, event_to_json
from skim_core.sim.recorded import RecordedFeed

DOCUMENTED = {0, 1, 2, 3}
DATE = date(2026, 11, 24)
DAY = ("start_trading_day", "--strategy", "fuzzed", "--session", str(DATE))

STRATEGY = """
    from decimal import Decimal

    from skim_core import Bracket, Candidate, Context, GapScan, Phase, PhaseGraph, hooks

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("scan", at="open+5m", retry={"attempts": 2}),
            Phase("trade", after="scan", at="open+6m"),
            Phase("manage", every="5m", between=("open", "open+20m"), protective=True),
        )

    @hooks.scan
    async def skim_scan(ctx: Context) -> list[Candidate]:
        rows = await ctx.market.scan(GapScan(minimum_percent=0, limit=2))
        return [Candidate(symbol=row.symbol, reason="gaps") for row in rows]

    @hooks.trade
    async def skim_trade(ctx: Context) -> None:
        symbol = next(iter(ctx.candidates))
        last = (await ctx.market.quotes([symbol]))[symbol].last
        stop = last * Decimal("0.5")
        await ctx.orders.enter(Bracket(symbol=symbol, quantity=10, stop_price=stop, reason="gap"))

    @hooks.manage
    async def skim_manage(ctx: Context) -> None:
        if ctx.candidates:
            for symbol in list(ctx.positions):
                await ctx.orders.exit(symbol, reason="enough")
"""


def bounded(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@dataclass(frozen=True)
class Answer:
    """What a command said, and the code that it left with."""

    code: int
    out: str
    err: str


@contextmanager
def surroundings(arguments, folder):
    """Be a process that was started in `folder` with these arguments."""
    kept = sys.argv, sys.stdout, sys.stderr, dict(os.environ), Path.cwd()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    # As Python opens them: what can't be written in UTF-8 is an error on standard output.
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="strict")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    for name in [name for name in os.environ if name.startswith("SKIM_")]:
        del os.environ[name]
    os.environ["SKIM_DIRECTORY"] = str(folder)
    os.environ["SKIM_BROKERS__SIM__SYMBOLS"] = "4"
    # The tests share this process, which has more in memory than a day may ask for.
    os.environ["SKIM_MEMORY_LIMIT"] = "1024GiB"
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "1"
    sys.argv, sys.stdout, sys.stderr, root.handlers = ["skim", *arguments], out, err, []
    os.chdir(folder)
    try:
        yield out, err
    finally:
        os.chdir(kept[4])
        os.environ.clear()
        os.environ.update(kept[3])
        sys.argv, sys.stdout, sys.stderr = kept[:3]
        root.handlers = handlers
        root.setLevel(level)


def skim(folder, *arguments):
    """Run a command; its answer is a plain one."""
    with surroundings(arguments, folder) as (out, err):
        with pytest.raises(SystemExit) as left:
            run()
        said = []
        for stream in (out, err):
            stream.flush()
            said.append(stream.buffer.getvalue().decode())
    answer = Answer(int(left.value.code or 0), *said)
    assert answer.code in DOCUMENTED, answer
    for text in said:
        assert "Traceback" not in text, answer
        assert "internal error" not in text, answer
    assert answer.code == 0 or answer.out or answer.err, answer
    if "--json" in arguments and answer.code == 0 and not {"--version", "--help"} & {*arguments}:
        json.loads(answer.out)
    return answer


@pytest.fixture(scope="module", autouse=True)
def fuzzed(tmp_path_factory):
    """Install the strategy ``fuzzed``."""
    site = tmp_path_factory.mktemp("site")
    metadata = site / "skim_strategy_fuzzed-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: skim-strategy-fuzzed\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text("[skim.strategies]\nfuzzed = fuzzed_strategy\n")
    (site / "fuzzed_strategy.py").write_text(dedent(STRATEGY))
    sys.path.insert(0, str(site))
    yield
    sys.path.remove(str(site))
    sys.modules.pop("fuzzed_strategy", None)


@pytest.fixture(scope="module")
def ran(tmp_path_factory, fuzzed):
    """Run the strategy's day; give its folder."""
    folder = tmp_path_factory.mktemp("ran")
    answer = skim(folder, *DAY)
    assert answer.code == 0, answer
    return folder


@pytest.fixture(scope="module")
def events(ran):
    """Give the bodies of the day's events."""
    return [body for *_, body in rows(ran, "events")]


def rows(folder, table):
    with closing(sqlite3.connect(folder / "journal.sqlite")) as connection:
        # Text that is not UTF-8 is compared too.
        connection.text_factory = bytes
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()


NUMBERS = (
    st.integers(-2, 3)
    | st.sampled_from([0.5, 2**31, 2**63, -(2**63), 2**64, 1e308, 1e-320, 10**400])
    | st.floats(allow_nan=True)
)
TEXTS = st.sampled_from(
    [
        "",
        "BHP",
        "buy",
        "0",
        "-1",
        "NaN",
        "1e999",
        "scan",
        "open",
        "paper",
        "sim",
        "real",
        "9" * 40,
        "2026-11-24",
        "2026-11-24T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "2026-11-24T00:00:00",
        "PT5M",
        "completed",
        "day_finished",
        "\x1b[2J",
        "�",
        "é\u202e",
    ]
) | st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda below: st.lists(below, max_size=2) | st.dictionaries(TEXTS, below, max_size=2),
    max_leaves=4,
)


def places(value, path=()):
    """Yield the path of everything inside a JSON value."""
    parts = value.items() if isinstance(value, dict) else ()
    parts = enumerate(value) if isinstance(value, list) else parts
    for key, part in parts:
        yield (*path, key)
        yield from places(part, (*path, key))


@st.composite
def mutated(draw, body):
    """Draw a JSON text that was an event's before something in it changed."""
    event = json.loads(body)
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from(list(places(event))))
        inside = event
        for key in way:
            inside = inside[key]
        match draw(st.sampled_from(["set", "set", "drop", "add"])):
            case "set":
                inside[last] = draw(VALUES)
            case "drop":
                del inside[last]
            case "add" if isinstance(inside, dict):
                inside[draw(TEXTS)] = draw(VALUES)
    return json.dumps(event)


@bounded(400)
@given(st.data())
def test_an_event_that_changed_is_an_event_or_refused(events, data):
    body = data.draw(mutated(data.draw(st.sampled_from(events)).decode()))
    try:
        event = event_from_json(body)
    except (ValidationError, GraphError, TypeError):
        return
    assert event_from_json(event_to_json(event)) == event


@bounded(200)
@given(VALUES.map(json.dumps) | st.text(max_size=40) | st.binary(max_size=40))
def test_any_text_is_an_event_or_refused(text):
    with pytest.raises(ValidationError):
        event_from_json(text)


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_beyond_which_there_is_none_is_refused(instant):
    event = {"kind": "phase_started", "phase": "scan", "attempt": 1, "at": instant}
    with pytest.raises(ValidationError, match="is not an instant from 1900 to 2199"):
        event_from_json(json.dumps(event))


READERS = (
    ("status",),
    ("status", "--json"),
    ("status", "--session", str(DATE)),
    ("graph", "fuzzed"),
    ("explain", str(DATE)),
    ("explain", str(DATE), "--json"),
)
WRITERS = (
    ("start_monitoring",),
    ("start_monitoring", "--json"),
    DAY,
    ("purge_candidates", "--strategy", "fuzzed", "--session", str(DATE)),
    ("halt", "--why", "fuzzed"),
    ("resume",),
)


@st.composite
def damages(draw, events):
    """Draw statements that damage the journal, each with its values."""
    numbers = st.integers(1, len(events))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        number = draw(numbers)
        body = st.one_of(mutated(events[number - 1].decode()), VALUES.map(json.dumps), TEXTS)
        text = draw(TEXTS).encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        found.append(
            draw(
                st.sampled_from(
                    [
                        ("UPDATE events SET body = ? WHERE sequence = ?", draw(body), number),
                        ("UPDATE events SET body = ? WHERE sequence = ?", draw(body), number),
                        (
                            "UPDATE events SET body = CAST(? AS TEXT) WHERE sequence = ?",
                            b"\xff\x00",
                            number,
                        ),
                        ("UPDATE events SET kind = ? WHERE sequence = ?", text, number),
                        ("UPDATE events SET at = ? WHERE sequence = ?", text, number),
                        ("UPDATE events SET run_id = ? WHERE sequence = ?", text, number),
                        ("UPDATE events SET sequence = sequence + 7 WHERE sequence = ?", number),
                        ("UPDATE events SET run_id = ?", text),
                        ("DELETE FROM events WHERE sequence = ?", number),
                        ("DELETE FROM events WHERE sequence >= ?", number),
                        ("DELETE FROM events WHERE sequence >= ?", number),
                        (
                            "INSERT INTO controls VALUES (?, ?, ?, ?)",
                            draw(st.integers(1, 2)),
                            text,
                            text,
                            draw(TEXTS | VALUES.map(json.dumps)),
                        ),
                        ("UPDATE leases SET owner = ?, expires_at = ?", text, draw(TEXTS)),
                    ]
                )
            )
        )
    return found


@contextmanager
def damaged(ran, statements):
    """Give a folder whose journal had these statements done to it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copytree(ran, folder, dirs_exist_ok=True)
        with closing(
            sqlite3.connect(folder / "journal.sqlite", isolation_level=None)
        ) as connection:
            connection.execute(
                "INSERT INTO leases SELECT run_id, 'elsewhere:1:1', '2026' FROM events LIMIT 1"
            )
            for statement, *values in statements:
                plain = [
                    value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
                    for value in values
                ]
                verb, rest = statement.split(" ", 1)
                where_it_can = "" if verb == "DELETE" else " OR IGNORE"
                connection.execute(f"{verb}{where_it_can} {rest}", plain)
        yield folder


@bounded(40)
@given(st.data())
def test_a_journal_with_other_rows_is_read_or_told_and_left_as_it_is(ran, events, data):
    with damaged(ran, data.draw(damages(events))) as folder:
        before = rows(folder, "events")
        with (
            suppress(JournalError),
            closing(SqliteJournal.open(folder / "journal.sqlite")) as journal,
        ):
            with suppress(JournalError):
                journal.controls()
            for summary in journal.runs():
                journal.lease(summary.run_id)
                journal.read(summary.run_id)
        for command in READERS:
            skim(folder, *command)
        assert rows(folder, "events") == before


@bounded(40)
@given(st.data())
def test_a_day_with_other_rows_goes_on_or_is_told_and_loses_none(ran, events, data):
    with damaged(ran, data.draw(damages(events))) as folder:
        before = rows(folder, "events")
        for command in data.draw(st.permutations(WRITERS))[:2]:
            skim(folder, *command)
        after = rows(folder, "events")
        assert set(before) <= set(after)


CONFIG = """\
exchange = "XASX"
broker = "sim"
account = "paper"
trading_mode = "paper"
pace = "fast"
lead = "15m"
log_level = "warning"
lease_term = "30s"
extensions = []

[brokers.sim]
seed = 3
cash = 100000
participation = 0.2
latency = "1s"
halts = [{ symbol = "BHP", from = "open+1h", to = "open+2h" }]

[strategy.fuzzed.phases.scan]
at = "open+5m"
timeout = "2m"
retry = { attempts = 3, backoff = "5s" }
deadline = "open+30m"

[strategy.fuzzed.phases.manage]
every = "1m"
between = ["open", "close"]
"""
PIECES = st.sampled_from(
    [
        "nan",
        "inf",
        "-1",
        "0",
        "1e400",
        "9" * 30,
        '""',
        '"fast"',
        "true",
        "[]",
        "{}",
        "[[1]]",
        '"\\u0000"',
        '"\\u001b[2J"',
        "2026-01-05",
        "{ a = 1 }",
        '"99999999h"',
        '"open-99999999h"',
        '"close+1ms"',
        '["open"]',
        '["close", "open"]',
        '"/"',
        '"/dev/null"',
        '"é"',
        "'",
        "#",
    ]
)


@st.composite
def configurations(draw):
    """Draw a configuration that was sound before some of its lines changed."""
    lines = CONFIG.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        number = draw(st.integers(0, len(lines) - 1))
        key, equals, _ = lines[number].partition(" = ")
        match draw(st.sampled_from(["value", "value", "value", "line", "twice", "drop"])):
            case "value" if equals:
                lines[number] = f"{key} = {draw(PIECES)}"
            case "line":
                lines[number] = draw(PIECES | st.text(max_size=12))
            case "twice":
                lines.append(lines[number])
            case "drop":
                lines[number] = ""
    return "\n".join(lines)


@bounded(40)
@given(configurations(), st.sampled_from([("--json",), ()]))
def test_a_configuration_that_changed_is_read_or_told(text, form):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "skim.toml"
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        for command in (
            ("config", "check"),
            ("config", "show"),
            ("graph", "fuzzed"),
            ("sessions", "--from", str(DATE), "--to", str(DATE)),
        ):
            skim(folder, *command, "--config", str(file), *form)


@bounded(15)
@given(configurations())
def test_a_day_with_a_configuration_that_changed_runs_or_is_told(text):
    # A pace by the wall's time, or another exchange's, would be soundly slow.
    lines = [line for line in text.splitlines() if not line.startswith(("pace", "exchange"))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "skim.toml").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
        skim(folder, *DAY)


@pytest.mark.parametrize("line", ['at = "open-99999999h"', 'timeout = "99999999h"'])
def test_a_time_that_no_day_reaches_is_told(tmp_path, line):
    (tmp_path / "skim.toml").write_text(f"[strategy.fuzzed.phases.scan]\n{line}\n")
    answer = skim(tmp_path, *DAY)
    assert answer.code == 2
    assert "longer than a year" in answer.err


COMMANDS = st.sampled_from(
    [
        "start_trading_day",
        "start-trading-day",
        "start_monitoring",
        "status",
        "graph",
        "sessions",
        "plugins",
        "purge_candidates",
        "run_phase",
        "scan",
        "config",
        "explain",
        "halt",
        "resume",
        "resolve",
        "",
        "-",
        "--",
        "--version",
        "--help",
        "nonsense",
    ]
)
WORDS = (
    st.sampled_from(
        [
            "--strategy",
            "-s",
            "--session",
            "--pace",
            "--exchange",
            "--broker",
            "--data",
            "--seed",
            "--config",
            "--json",
            "--mermaid",
            "--from",
            "--to",
            "--why",
            "--flatten",
            "--help",
            "fuzzed",
            "fast",
            "sim",
            "ibkr",
            "XASX",
            "XXXX",
            "2026-11-24",
            "2026-11-22",
            "scan",
            "2026-13-01",
            "0001-01-01",
            "9999-12-31",
            "-1",
            "2**64",
            "nan",
            "/",
            "/dev/null",
            ".",
            "check",
            "show",
            "�",
            "\x1b[2J",
            "a\nb",
            "--strategy=",
            "--seed=1",
            "x" * 5000,
        ]
    )
    # No digit: a number may be a pace, and its day would last.
    | st.text(st.characters(codec="utf-8", exclude_categories=["Nd"]), max_size=6)
)


@bounded(150)
@given(COMMANDS, st.lists(WORDS.filter(lambda word: "\0" not in word), max_size=6))
def test_any_arguments_are_understood_or_told(command, arguments):
    with tempfile.TemporaryDirectory() as name:
        skim(Path(name), command, *arguments)


SESSION = SessionCalendar("XASX", Path(os.devnull)).session(DATE)
EXCHANGE = load_exchange("XASX", on=DATE)


def frame():
    """Return a sound file of minute bars."""
    starts = [int(SESSION.open.timestamp()) * 10**9 + minute * 60 * 10**9 for minute in range(5)]
    return pl.DataFrame(
        {
            "symbol": [symbol for symbol in ("BHP", "CSL") for _ in starts],
            "ts": starts * 2,
            "open": [10.0] * 10,
            "high": [10.5] * 10,
            "low": [9.5] * 10,
            "close": [10.25] * 10,
            "volume": [100.0] * 10,
        }
    )


CELLS = st.sampled_from(
    [
        None,
        float("nan"),
        float("inf"),
        0.0,
        -1.0,
        1e308,
        1e-300,
        0,
        2**62,
        -(2**62),
        "",
        "BHP",
        "é",
        "1,5",
        "10",
        " ",
        "2026-11-24",
        "2026-11-23T23:00:00Z",
        True,
        DATE,
        SESSION.open,
        [1.0],
        b"x",
    ]
)
COLUMNS = st.sampled_from(["symbol", "ts", "open", "high", "low", "close", "volume"])


def column(name, cells):
    """Return a column of cells of any types; not every mixture can be one."""
    try:
        found = pl.Series(name, cells, strict=False)
    except (pl.exceptions.PolarsError, TypeError):
        reject()
    assume(found.dtype != pl.Object)
    return found


@st.composite
def frames(draw):
    """Draw a table of minute bars in which something changed."""
    found = frame()
    for _ in range(draw(st.integers(1, 3))):
        name = draw(COLUMNS)
        assume(name in found.columns)
        row, cell = draw(st.integers(0, 9)), draw(CELLS)
        match draw(st.sampled_from(["cell", "cell", "column", "drop", "rename", "repeat", "sort"])):
            case "cell":
                cells = found[name].to_list()
                cells[row % len(cells)] = cell
                found = found.with_columns(column(name, cells))
            case "column":
                found = found.with_columns(column(name, [cell] * found.height))
            case "drop":
                found = found.drop(name)
            case "rename":
                found = found.rename({name: name.upper()})
            case "repeat":
                found = pl.concat([found, found.slice(row % found.height, 1)])
            case "sort":
                found = found.reverse()
    return found


def as_parquet(found):
    return written(found.write_parquet)


def as_csv(found):
    return written(found.write_csv)


def written(write):
    stream = io.BytesIO()
    try:
        write(stream)
    except pl.exceptions.PolarsError:  # not every type can be written
        reject()
    return stream.getvalue()


SOUND = {".parquet": as_parquet(frame()), ".csv": as_csv(frame())}


ENDING = bytes([*SOUND[".parquet"][:48], 1, *SOUND[".parquet"][49:]])
"""A file on which polars asks for memory without bounds, and ends its process."""


@st.composite
def contents(draw):
    """Draw a file's suffix and bytes."""
    suffix = draw(st.sampled_from([".parquet", ".csv"]))
    match draw(st.sampled_from(["frame", "frame", "cut", "flipped", "other"])):
        case "frame":
            return suffix, (as_parquet if suffix == ".parquet" else as_csv)(draw(frames()))
        case "cut":
            whole = SOUND[suffix]
            return suffix, whole[: draw(st.integers(0, len(whole) - 1))]
        case "flipped":
            flipped = bytearray(SOUND[suffix])
            for _ in range(draw(st.integers(1, 3))):
                flipped[draw(st.integers(0, len(flipped) - 1))] = draw(st.integers(0, 255))
            return suffix, bytes(flipped)
        case _:
            other = SOUND[".csv" if suffix == ".parquet" else ".parquet"]
            return suffix, draw(st.just(other) | st.binary(max_size=60))


@contextmanager
def recorded(place, suffix, content):
    """Give a folder of recorded bars in which `place` holds these bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in ("bars_1m/XASX", "bars_1d"):
            (folder / path).mkdir(parents=True)
        daily = "symbol,date,open,high,low,close,volume\nBHP,2026-11-23,10,10,10,10,1\n"
        (folder / "bars_1d" / "XASX.csv").write_text(daily)
        (folder / f"bars_1m/XASX/{DATE}.parquet").write_bytes(SOUND[".parquet"])
        target = folder / {"minutes": f"bars_1m/XASX/{DATE}", "days": "bars_1d/XASX"}[place]
        for other in SOUND:
            target.with_name(target.name + other).unlink(missing_ok=True)
        target.with_name(target.name + suffix).write_bytes(content)
        yield folder


@bounded(250)
@given(st.sampled_from(["minutes", "minutes", "days"]), contents())
@example("minutes", (".parquet", ENDING))
@example("days", (".parquet", ENDING))
def test_a_data_file_that_changed_is_read_or_told(place, file):
    with recorded(place, *file) as folder:
        try:
            data = RecordedFeed(folder).load(SESSION, EXCHANGE)
        except SkimError as error:
            assert str(folder) in str(error)  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017
            return
    bars = data.bars
    traded = ~np.isnan(bars.close)
    assert len(data.previous_close) == len(bars.symbols) > 0
    assert bars.close.shape == (len(bars.symbols), SESSION.minutes)
    for column in (bars.open, bars.high, bars.low, bars.close):
        assert np.isfinite(column[traded]).all()
        assert (column[traded] > 0).all()
    assert (bars.low[traded] <= bars.high[traded]).all()
    assert (bars.volume >= 0).all()


@bounded(15)
@given(st.sampled_from(["minutes", "days"]), contents())
@example("minutes", (".parquet", ENDING))
def test_a_day_on_a_data_file_that_changed_runs_or_is_told(place, file):
    with recorded(place, *file) as data, tempfile.TemporaryDirectory() as name:
        skim(Path(name), *DAY, "--data", str(data))
