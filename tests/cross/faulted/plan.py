"""What a seed lets go wrong in a session over the socket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from skim_gateway.faults.model import Fault

LENGTH = timedelta(minutes=90)
"""How long the session is: shorter than a real one, so that more of them can be run."""

STRATEGIES = ("orh_breakout", "gap_fade", "overnight", "chance")
"""The reference strategies, and the simulation's own, which moves stops and cancels, too."""

MARKETS = (1, 3, 7, 8, 11, 12, 16, 18, 19)
"""Generated markets in which each of them trades."""

_ORDERS = ("sk1-*.P", "sk1-*.S*", "sk1-*", "*")
"""Entries, stops, all of ours, all."""

_MOST = 7
_LATE = 20.0
"""Seconds, less than the broker's quiet time: what comes later may rightly have been given up."""
_BOOK_KEPT = 0.7
"""How often a gateway that restarts has its book again."""


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong, `at` so many seconds after the open.

    `do` is ``gateway`` (its `fault` waits for its message from then on, or happens), ``kill``,
    ``kill_at_step`` and ``kill_at_write`` (of the first process, its `nth`), ``suspend``,
    ``twice`` (a second start), ``halt`` and ``resume`` (by people), ``by_hand`` (an order of
    somebody else), or ``no_trading`` in one of the symbols.
    """

    number: int
    do: str
    at: float = 0.0
    fault: Fault | None = None
    nth: int = 0
    lasting: float = 0.0
    variant: str = ""

    def __str__(self):
        fault = self.fault.model_dump(exclude_defaults=True, mode="json") if self.fault else {}
        words = [f"{name} {value}" for name, value in fault.items()]
        words += [
            f"{name} {value}"
            for name in ("nth", "lasting", "variant")
            if (value := getattr(self, name))
        ]
        return f"#{self.number} at {self.at:.0f} s: {self.do} {', '.join(words)}".rstrip()


@dataclass(frozen=True)
class SessionPlan:
    """A seed's session."""

    seed: int
    strategy: str
    market: int
    participation: float
    reject_rate: float
    troubles: tuple[Trouble, ...]

    def only(self, numbers):
        """Return the plan with none but these of its troubles, which stay what they are."""
        return replace(self, troubles=tuple(one for one in self.troubles if one.number in numbers))


def plan_of(seed):
    """Return the plan of a seed."""
    random = Random(f"{seed}/faulted")
    number = random.choice((0, *range(1, _MOST), *range(1, _MOST), *range(2, 2 * _MOST)))
    return SessionPlan(
        seed=seed,
        strategy=STRATEGIES[seed % len(STRATEGIES)],
        market=MARKETS[seed // len(STRATEGIES) % len(MARKETS)],
        participation=random.choice((0.1, 0.1, 0.01)),
        reject_rate=random.choice((0.0, 0.0, 0.0, 0.2)),
        troubles=tuple(_trouble(Random(f"{seed}/faulted/{n}"), n) for n in range(1, number + 1)),
    )


def _trouble(random, number):
    make = random.choices(list(_SORTS), weights=list(_SORTS.values()))[0]
    return make(random, number)


def _when(random):
    return round(random.uniform(-480, LENGTH.total_seconds() - 60), 3)


def _gateway(random, number, **values):
    return Trouble(number, "gateway", _when(random), Fault(**values))


def _seconds(random, most):
    return round(random.uniform(0.1, 1) ** 2 * most, 3)


def _order_fault(random, number):
    do = random.choice(
        (
            "drop",
            "drop_reply",
            "reset_before",
            "reset_after",
            "silence",
            "duplicate",
            "delay",
            "error",
            "reject",
        )
    )
    values = {
        "do": do,
        "on": "place_order",
        "order_ref": random.choice(_ORDERS),
        "nth": random.choice((1, 1, 2, 3)),
        "times": random.choice((1, 1, 1, 2)),
    }
    return _gateway(random, number, **values, **_more(random, do, (103, 110, 200, 201, 321, 399)))


def _cancel_fault(random, number):
    do = random.choice(
        ("drop", "drop_reply", "reset_before", "reset_after", "duplicate", "delay", "error")
    )
    more = _more(random, do, (161, 10147, 10148, 202))
    return _gateway(random, number, do=do, on="cancel_order", nth=random.choice((1, 1, 2)), **more)


def _question_fault(random, number):
    do = random.choice(
        ("drop", "drop_reply", "reset_before", "reset_after", "silence", "delay", "error")
    )
    on = random.choice(
        (
            "request_all_open_orders",
            "request_completed_orders",
            "request_executions",
            "request_positions",
            "request_account_summary",
            "request_current_time",
            "request_contract_details",
            "request_market_rule",
            "request_historical_data",
            "request_market_data",
            "request_scanner",
            "start_api",
        )
    )
    more = _more(random, do, (162, 200, 321, 322, 354, 504))
    return _gateway(random, number, do=do, on=on, nth=random.choice((1, 2, 5)), **more)


def _answer_fault(random, number):
    do = random.choice(("drop", "delay", "duplicate", "reorder", "reset", "silence"))
    on = random.choice(
        (
            *("open_order", "order_status", "execution_details", "commission_report") * 3,
            "completed_order",
            "open_order_end",
            "execution_details_end",
            "completed_orders_end",
            "position",
            "position_end",
            "error_message",
            "tick_price",
            "historical_data",
            "historical_data_update",
            "next_valid_id",
            "managed_accounts",
        )
    )
    times = random.choice((1, 1, 2, 5))
    more = _more(random, do, ())
    return _gateway(random, number, do=do, on=on, nth=random.choice((1, 2, 4)), times=times, **more)


def _more(random, do, codes):
    if do == "error":
        return {"code": random.choice(codes)}
    if do == "delay":
        return {"seconds": _seconds(random, _LATE)}
    if do == "silence":
        return {"seconds": random.choice((0.0, _seconds(random, 120)))}
    return {}


def _split(random, number):
    parts = tuple(random.randint(1, 60) for _ in range(random.randint(1, 3)))
    values = {"parts": parts, "seconds": random.choice((0.0, _seconds(random, 10)))}
    return _gateway(random, number, do="split", on="execution_details", times=3, **values)


def _outage(random, number):
    do = random.choice(("lose", "lose", "farm"))
    more = {"data_lost": random.random() < 0.5} if do == "lose" else {}
    return _gateway(random, number, do=do, seconds=_seconds(random, 300), **more)


def _restart(random, number):
    values = {"seconds": _seconds(random, 240), "by": random.choice((0, 0, 1, 4, 50))}
    values["book"] = random.random() < _BOOK_KEPT
    return _gateway(random, number, do="restart", **values)


def _ids(random, number):
    return _gateway(random, number, do="roll_back_ids", by=random.choice((1, 3, 20)))


def _process(random, number):
    do = random.choice(
        ("kill", "kill", "kill_at_step", "kill_at_step", "kill_at_write", "suspend", "twice")
    )
    nth = {"kill_at_step": random.randint(20, 6000), "kill_at_write": random.randint(3, 300)}.get(
        do, 0
    )
    lasting = _seconds(random, 300) if do == "suspend" else 0.0
    return Trouble(number, do, _when(random), nth=nth, lasting=lasting)


def _people(random, number):
    do = random.choice(("halt", "halt", "resume"))
    return Trouble(number, do, _when(random), variant=random.choice(("account", "account flatten")))


def _somebody(random, number):
    return Trouble(number, "by_hand", _when(random), nth=random.randint(1, 200))


def _no_trading(random, number):
    lasting = random.choice((300.0, 900.0, 3600.0))
    return Trouble(
        number, "no_trading", abs(_when(random)), nth=random.randrange(4), lasting=lasting
    )


_SORTS = {
    _order_fault: 9,
    _cancel_fault: 2,
    _question_fault: 4,
    _answer_fault: 6,
    _split: 2,
    _outage: 3,
    _restart: 3,
    _ids: 1,
    _process: 4,
    _people: 1,
    _somebody: 1,
    _no_trading: 1,
}
