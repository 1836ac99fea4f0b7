"""What trading costs is a part of a replay."""

from __future__ import annotations

from decimal import Decimal

TWO_DAYS = ("--from", "2025-01-06", "--to", "2025-01-07")


def test_a_replay_has_the_costs_that_it_is_given(replay, days):
    dear = replay(days, *TWO_DAYS, "--commission", "12/order", "--slippage", "2ticks")
    free = replay(days, *TWO_DAYS, "--commission", "none")
    assert {trade["commission"] for trade in dear.trades} == {"24.00"}
    assert {Decimal(trade["commission"]) for trade in free.trades} == {0}
    # The ASX's tick is a cent from two dollars on, half a cent from ten cents on.
    for paid, plain in zip(dear.trades, free.trades, strict=True):
        tick = Decimal("0.01") if Decimal(plain["entry_price"]) > 2 else Decimal("0.005")
        assert Decimal(paid["entry_price"]) == Decimal(plain["entry_price"]) + 2 * tick
        assert Decimal(paid["exit_price"]) == Decimal(plain["exit_price"]) - 2 * tick


def test_costs_are_in_the_plan_and_again_repeats_them(replay, skim, days):
    folder = replay(days, *TWO_DAYS, "--commission", "8bp min 6", "--slippage", "5bp")
    options = folder.plan["options"]
    assert (options["commission"], options["slippage"]) == ("8bp min 6", "5bp")
    assert skim("replay", "--again", folder.path).code == 0


def test_costs_come_from_the_configuration_too(replay, home, days):
    (home / "skim.toml").write_text('[brokers.sim]\ncommission = "3/order"\nparticipation = "none"')
    folder = replay(days, *TWO_DAYS)
    assert {trade["commission"] for trade in folder.trades} == {"6.00"}


def test_costs_that_can_not_be_read_are_refused_with_an_example(skim, days):
    for option, value in (("--commission", "5%"), ("--slippage", "much")):
        result = skim("replay", "-s", days, *TWO_DAYS, option, value)
        assert result.code == 2
        assert f"{value!r} is not a {option.removeprefix('--')}: write" in result.err
