"""Two strategies that want what the account has room for once: the lower priority is first."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from skim_core.model.limits import Limits
from skim_core.model.orders import OrderStage
from skim_core.model.phases import Phase

TOOK, REFUSED = OrderStage.ACKNOWLEDGED, OrderStage.REFUSED


@pytest.fixture
def race(lab, bracket):
    """Let two strategies enter BHP, of which the account may hold 1500; give what each got.

    ``race({"one": (priority, waits), ...})``: `waits` is how long after its phase has begun.
    """
    lab.account_limits = Limits(position_value=Decimal(1500))

    def run(wanted, phases=None, fails=()):
        got = {}

        def story(name, waits):
            async def tell(ctx):
                await lab.passes(waits)
                if name in fails:
                    msg = "no idea"
                    raise RuntimeError(msg)
                got[name] = (await ctx.orders.enter(bracket())).stage

            return tell

        lab.run(
            *(
                replace(
                    lab.assignment(
                        story(name, waits),
                        name,
                        (phases or {}).get(name, Phase("trade", at="open")),
                    ),
                    priority=priority,
                )
                for name, (priority, waits) in wanted.items()
            )
        )
        return got

    return run


@pytest.mark.parametrize(("one", "two"), [(1, 2), (2, 1), (-1, 0), (0, -1)])
@pytest.mark.parametrize(("first", "second"), [("0s", "200ms"), ("200ms", "0s"), ("0s", "0s")])
def test_the_lowest_priority_is_first_whoever_asks_first(race, one, two, first, second):
    got = race({"one": (one, first), "two": (two, second)})
    winner = "one" if one < two else "two"
    assert got == {name: TOOK if name == winner else REFUSED for name in ("one", "two")}


def test_of_equals_the_one_that_asks_first_is_first(race):
    assert race({"one": (0, "200ms"), "two": (0, "0s")}) == {"one": REFUSED, "two": TOOK}


def test_nobody_waits_for_one_that_takes_its_time(race, lab):
    got = race({"one": (1, "1500ms"), "two": (2, "0s")})
    assert got == {"one": REFUSED, "two": TOOK}
    [intended, _] = lab.events("order_intended", "two")
    assert (intended.at - lab.session.open).total_seconds() == pytest.approx(1, abs=0.01)


def test_nobody_waits_for_one_that_has_failed(race, lab):
    race({"one": (1, "100ms"), "two": (2, "0s")}, fails=["one"])
    [intended, _] = lab.events("order_intended", "two")
    assert (intended.at - lab.session.open).total_seconds() == pytest.approx(0.1, abs=0.01)


def test_nobody_waits_for_one_that_is_due_later(race):
    phases = {"one": Phase("trade", at="open+5s")}
    got = race({"one": (1, "0s"), "two": (2, "0s")}, phases)
    assert got == {"one": REFUSED, "two": TOOK}
