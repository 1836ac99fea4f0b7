"""Packages that come, change and go between two days leave the other strategies as they were."""

from __future__ import annotations

import shutil
from textwrap import dedent

import pytest

from skim_core.model.events import event_to_json

DAYS = ("2026-11-24", "2026-11-25")
BROKEN = "raise RuntimeError('the new version is broken')\n"

STRATEGY = """
    from decimal import Decimal

    from skim_core import Bracket, Candidate, Context, Phase, PhaseGraph, hooks

    @hooks.phase_graph
    def skim_phase_graph() -> PhaseGraph:
        return PhaseGraph(
            Phase("scan", at="open+5m"),
            Phase("trade", after="scan", at="open+{minute}m"),
            Phase("manage", every="5m", protective=True),
        )

    @hooks.scan
    async def skim_scan(ctx: Context[object]) -> list[Candidate]:
        return [Candidate(symbol="{symbol}", reason="is watched every day")]

    @hooks.trade
    async def skim_trade(ctx: Context[object]) -> None:
        for symbol, quote in (await ctx.market.quotes(list(ctx.candidates))).items():
            stop = quote.last / 2
            await ctx.orders.enter(Bracket(symbol=symbol, quantity=100, stop_price=stop))

    @hooks.manage
    async def skim_manage(ctx: Context[object]) -> None:
        pass
"""
"""Buys one symbol, and holds it overnight with its stop."""


def version_of(number, minute=30, symbol="OLL"):
    return number, dedent(STRATEGY.format(minute=minute, symbol=symbol))


@pytest.fixture
def site(tmp_path):
    """Give a folder in which packages are installed: ``site(name, (version, code))``."""

    class Site:
        folder = tmp_path

        def install(self, name, version):
            number, code = version
            self.uninstall(name)
            (tmp_path / f"installed_{name}.py").write_text(code)
            directory = tmp_path / f"skim_strategy_{name}-{number}.dist-info"
            directory.mkdir()
            (directory / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: skim-strategy-{name}\nVersion: {number}\n"
            )
            entry = f"[skim.strategies]\n{name} = installed_{name}\n"
            (directory / "entry_points.txt").write_text(entry)

        def uninstall(self, name):
            for found in tmp_path.glob(f"skim_strategy_{name}-*.dist-info"):
                shutil.rmtree(found)
            shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
            (tmp_path / f"installed_{name}.py").unlink(missing_ok=True)

    return Site()


def day(skim, date, *names):
    words = [word for name in names for word in ("--strategy", name)]
    return skim.run("start_trading_day", *words, "--session", date)


def run_id(name, date):
    return f"{name}/XASX/{date}/paper"


def written(skim, name, date):
    """Return a day's events as the journal has them, without what is each process's own."""
    return [event_to_json(event) for event in skim.events(run_id(name, date))]


def kinds(skim, name, date):
    return [event.kind for event in skim.events(run_id(name, date))]


BETA = version_of("1.0", symbol="HPR")


@pytest.fixture
def alone(skim_in, site):
    """Run beta's two days by themselves; give the events of each."""
    site.install("beta", BETA)
    skim = skim_in(site.folder)
    for date in DAYS:
        code, said = day(skim, date, "beta")
        assert code == 0, said
    assert "position_opened" in kinds(skim, "beta", DAYS[0])
    assert "position_carried" in kinds(skim, "beta", DAYS[1])
    return [written(skim, "beta", date) for date in DAYS]


@pytest.fixture
def skim(skim_in, site, alone):
    """Give a ``Skim`` after a first day of alpha and beta, both of which hold their shares."""
    site.install("alpha", version_of("1.0"))
    skim = skim_in(site.folder)
    code, said = day(skim, DAYS[0], "alpha", "beta")
    assert code == 0, said
    assert "position_opened" in kinds(skim, "alpha", DAYS[0])
    return skim


def beta_is_as_alone(skim, alone):
    assert [written(skim, "beta", date) for date in DAYS] == alone


def test_a_new_version_is_taken_up_by_the_next_day(skim, site, alone):
    site.install("alpha", version_of("2.0", minute=45))
    code, said = day(skim, DAYS[1], "alpha", "beta")
    assert code == 0, said
    first, second = (skim.events(run_id("alpha", date))[0] for date in DAYS)
    assert (first.versions["skim-strategy-alpha"], str(first.graph["trade"].at)) == (
        "1.0",
        "open+30m",
    )
    assert (second.versions["skim-strategy-alpha"], str(second.graph["trade"].at)) == (
        "2.0",
        "open+45m",
    )
    assert "position_carried" in kinds(skim, "alpha", DAYS[1])
    beta_is_as_alone(skim, alone)


def test_a_disabled_one_keeps_its_stop_and_enters_nothing(skim, alone):
    (skim.directory / "skim.toml").write_text("[strategy.alpha]\nenabled = false\n")
    code, said = day(skim, DAYS[1], "alpha", "beta")
    assert code == 0, said
    assert "alpha is disabled" in said
    happened = kinds(skim, "alpha", DAYS[1])
    assert {"position_carried", "order_carried"} <= set(happened)
    assert {"order_intended", "protection_lapsed", "order_unknown"}.isdisjoint(happened)
    beta_is_as_alone(skim, alone)


def test_one_that_is_enabled_again_goes_on_with_what_it_holds(skim, alone):
    config = skim.directory / "skim.toml"
    config.write_text("[strategy.alpha]\nenabled = false\n")
    assert day(skim, DAYS[1], "alpha", "beta")[0] == 0
    config.write_text("[strategy.alpha]\nenabled = true\n")
    code, said = day(skim, "2026-11-26", "alpha")
    assert code == 0, said
    happened = skim.events(run_id("alpha", "2026-11-26"))
    assert len(happened[0].graph) == 3
    assert "position_carried" in [event.kind for event in happened]
    beta_is_as_alone(skim, alone)


def test_one_whose_new_version_is_broken_breaks_its_own_day(skim, site, alone):
    site.install("alpha", ("2.0", BROKEN))
    code, said = day(skim, DAYS[1], "alpha", "beta")
    assert code == 2
    assert "the new version is broken" in said
    assert kinds(skim, "alpha", DAYS[1]) == []
    beta_is_as_alone(skim, alone)


def test_one_that_is_uninstalled_is_not_needed_by_the_others(skim, site, alone):
    site.uninstall("alpha")
    code, said = day(skim, DAYS[1], "beta")
    assert code == 0, said
    beta_is_as_alone(skim, alone)
