"""The typed decorators let a type checker catch a wrong hook before anything runs."""

from __future__ import annotations

import re

import pytest

HOOKS = """
from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from skim_core import Alert, Candidate, Context, PhaseGraph, hooks
from skim_core.model.events import Event, OrderFilled
from skim_core.model.trading_day import TradingDay


class Config(BaseModel):
    gap: int = 3


@hooks.scan
def plain(ctx: Context[Config]) -> list[Candidate]:
    return [] if ctx.config.gap else []


@hooks.scan
async def asynchronous(ctx: Context[Config]) -> Sequence[Candidate]:
    return []


@hooks.scan
def nothing_taken() -> list[Candidate]:
    return []


@hooks.setup
async def nothing_taken_async() -> None: ...


@hooks.on_event
async def event_alone(event: Event) -> None: ...


@hooks.on_event
def event_and_day(event: Event, day: TradingDay) -> None: ...


@hooks.config_model
def model() -> type[Config]:
    return Config


@hooks.scan  # wrong
def wrong_result(ctx: Context[Config]) -> list[Alert]:
    return []


@hooks.scan  # wrong
async def wrong_result_async(ctx: Context[Config]) -> list[Alert]:
    return []


@hooks.scan  # wrong
def wrong_argument(ctx: Config) -> list[Candidate]:
    return []


@hooks.scan  # wrong
def too_many_arguments(ctx: Context[Config], day: TradingDay) -> list[Candidate]:
    return []


@hooks.trade  # wrong
def result_where_none_is_due(ctx: Context[Config]) -> int:
    return 1


@hooks.phase_graph  # wrong
async def asynchronous_graph() -> PhaseGraph: ...


@hooks.on_event  # wrong
def one_event_alone(event: OrderFilled) -> None: ...


@hooks.hookspecs  # wrong
def no_specifications() -> int:
    return 1


def uses() -> Iterable[object]:
    return hooks.scna  # wrong
"""


# Bars are columns of numpy, whose stubs cost most of the time and say nothing about hooks.
CONFIGURATION = """
[mypy]
strict = true
disable_error_code = empty-body

[mypy-numpy.*]
follow_imports = skip
"""


def test_wrong_hooks_are_rejected_by_the_type_checker_and_right_ones_accepted(
    tmp_path, pytestconfig
):
    mypy = pytest.importorskip("mypy.api")
    (tmp_path / "strategy.py").write_text(HOOKS)
    (tmp_path / "mypy.ini").write_text(CONFIGURATION)
    expected = [
        number for number, line in enumerate(HOOKS.splitlines(), 1) if line.endswith("# wrong")
    ]

    told, _, _ = mypy.run(
        [
            f"--config-file={tmp_path / 'mypy.ini'}",
            f"--cache-dir={pytestconfig.cache.mkdir('mypy')}",
            str(tmp_path / "strategy.py"),
        ]
    )

    rejected = re.findall(r"^.*strategy\.py:(\d+): error", told, re.MULTILINE)
    assert sorted(set(map(int, rejected))) == expected, told
