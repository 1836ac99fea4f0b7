"""What holds on the simulated exchange for any bars and any instructions."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import given

from skim_core.model.exchange import CommissionSchedule
from skim_core.model.orders import Fill, Side, TimeInForce

MINUTES = 8
CASH = 1_000_000
COMMISSION = CommissionSchedule(
    name="test", source="by hand", rate=Decimal("0.001"), minimum=Decimal(1)
)

prices = st.integers(980, 1020).map(lambda cents: cents / 100)


def make_bar(drawn):
    traded, four, closes_up, volume = drawn
    low, first, second, high = sorted(four)
    opened, close = (first, second) if closes_up else (second, first)
    return (opened, high, low, close, volume) if traded else None


bars = st.tuples(
    st.integers(0, 9), st.tuples(*[prices] * 4), st.booleans(), st.integers(1, 900)
).map(make_bar)
tapes = st.tuples(*[bars] * MINUTES).filter(lambda tape: tape[0]).map(list)
times = st.integers(-2, MINUTES * 4 - 1).map(lambda quarter: timedelta(seconds=15 * quarter))
quantities = st.integers(1, 300)
GTC, AT_CLOSE = TimeInForce.GTC, TimeInForce.AT_CLOSE


def make_orders(number, drawn):
    """(side, reference, quantity, fields) of one order, or of a bracket's three."""
    kind, side, quantity, first, second, group = drawn
    name, opposite = f"O{number}", "sell" if side == "buy" else "buy"
    fields = {
        "market": {},
        "gtc": {"limit": first, "time_in_force": GTC},
        "limit": {"limit": first},
        "stop": {"stop": first},
        "stop_limit": {"stop": first, "limit": second},
        "close": {"time_in_force": AT_CLOSE},
    }
    if kind in fields:
        return [(side, name, quantity, {**fields[kind], "oca_group": group})]
    family = {"parent": name, "oca_group": f"B{number}", "time_in_force": GTC}
    entry = {"bracket": {}, "bracket_limit": {"limit": 10}, "bracket_stop": {"stop": 10}}[kind]
    return [
        (side, name, quantity, entry),
        (opposite, f"{name}.S", quantity, {"stop": first, **family}),
        (opposite, f"{name}.T", quantity, {"limit": second, **family}),
    ]


KINDS = ("market", "gtc", "limit", "stop", "stop_limit", "close")
KINDS += ("bracket", "bracket_limit", "bracket_stop")
drawn_orders = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(["buy", "sell"]),
    quantities,
    prices,
    prices,
    st.sampled_from([None, "G1", "G2"]),
)
afterwards = st.none() | st.tuples(
    st.sampled_from(["cancel", "modify"]), times, st.integers(0, 2), quantities, prices
)


def make_script(drawn):
    """Return a day's instructions: (when, what, arguments), in order of time."""
    script = []
    for number, (when, order, after) in enumerate(drawn):
        orders = make_orders(number, order)
        script.append((when, "submit", orders))
        if after is not None:
            what, later, index, quantity, price = after
            side, name, _, fields = orders[index % len(orders)]
            changed = {
                field: price if field in {"limit", "stop"} else value
                for field, value in fields.items()
            }
            argument = name if what == "cancel" else (side, name, quantity, changed)
            script.append((when + later, what, argument))
    return sorted(script, key=lambda step: step[0])


scripts = st.lists(st.tuples(times, drawn_orders, afterwards), min_size=1, max_size=6).map(
    make_script
)

options = st.fixed_dictionaries(
    {
        "participation": st.sampled_from([0.1, 0.5, "none"]),
        "allow_short": st.booleans(),
        "latency": st.sampled_from(["0s", "700ms"]),
    }
)


def play(by_hand, tape, script, options, until=None):
    """Follow `script` on `tape`, stepping as a clock would; return the hall."""
    rules = by_hand.make_rules(commission=COMMISSION, closing_auction="1m")
    hall = by_hand.Hall(tape, rules=rules, cash=CASH, **options)

    def order(side, reference, quantity, fields):
        return by_hand.make_order(Side(side), reference, quantity, **fields)

    for offset, what, argument in script:
        now = by_hand.OPEN + offset
        if until is not None and now >= until:
            break
        while (due := hall.exchange.next_due()) is not None and due < now:
            hall.run(due)
        if what == "submit":
            hall.submit(now, *(order(*fields) for fields in argument))
        elif what == "halt":
            hall.halt(now)
        elif what == "end_halt":
            hall.end_halt(now)
        elif what == "cancel" and hall.exchange.current(argument):
            hall.cancel(now, argument)
        elif what == "modify" and hall.exchange.current(argument[1]):
            hall.modify(now, order(*argument))
    hall.run(until - timedelta(microseconds=1) if until else None)
    return hall


@given(tape=tapes, script=scripts, options=options)
def test_every_fill_is_possible_and_everything_adds_up(by_hand, tape, script, options):
    hall = play(by_hand, tape, script, options)
    fills = hall.exchange.fills
    traded, by_order, in_minute = 0, defaultdict(int), defaultdict(int)
    cash = Decimal(CASH)
    close = hall.data.session.close
    for fill in fills:
        column = min((fill.at - by_hand.OPEN) // timedelta(minutes=1), MINUTES - 1)
        column = max(j for j in range(column + 1) if tape[j]) if fill.at >= close else column
        _, high, low, last, volume = tape[column]
        assert low <= float(fill.price) <= high
        traded += fill.side.sign * fill.quantity
        by_order[fill.reference] += fill.quantity
        cash -= fill.side.sign * fill.quantity * fill.price + fill.commission
        if fill.at >= close:
            assert float(fill.price) == last
        elif column:
            # In the first minute there is the opening auction, without a limit.
            in_minute[column, fill.side] += fill.quantity
            if options["participation"] != "none":
                assert in_minute[column, fill.side] <= volume * options["participation"] + 1e-9
    held = {position.symbol: position.quantity for position in hall.exchange.ledger.positions()}
    assert held.get("BHP", 0) == traded
    assert hall.exchange.ledger.cash == cash
    assert options["allow_short"] or held.get("BHP", 0) >= 0
    for report in hall.exchange.reports():
        assert by_order[report.reference] == report.filled
        sent, now = hall.exchange.sent(report.reference), hall.exchange.current(report.reference)
        assert report.filled <= max(sent.quantity, now.quantity)
        assert report.status != "filled" or report.filled == now.quantity
        assert report.status.final or report.filled < now.quantity
        assert report.status.final or now.time_in_force is TimeInForce.GTC
    assert len({fill.execution_id for fill in fills}) == len(fills)


@given(tape=tapes, script=scripts, options=options)
def test_children_and_groups_never_trade_more_than_there_is_to_close(
    by_hand, tape, script, options
):
    script = [step for step in script if step[1] != "modify"]
    exchange = play(by_hand, tape, script, options).exchange
    joined = defaultdict(set)
    filled, taken, closed = defaultdict(int), defaultdict(int), defaultdict(int)
    for notice in exchange.notices:
        order = exchange.sent(notice.reference)
        if not isinstance(notice, Fill):
            joined[order.oca_group].add(notice.reference)
            continue
        filled[order.reference] += notice.quantity
        assert filled[order.reference] + taken[order.reference] <= order.quantity
        if order.parent:
            closed[order.parent] += notice.quantity
            assert closed[order.parent] <= filled[order.parent]
        if order.oca_group:
            for other in joined[order.oca_group] - {order.reference}:
                taken[other] += notice.quantity


@given(tape=tapes, other=tapes, script=scripts, options=options, cut=st.integers(1, 7))
def test_what_happens_before_a_minute_does_not_depend_on_it(
    by_hand, *, tape, other, script, options, cut
):
    until = by_hand.at(cut)
    one = play(by_hand, tape, script, options, until)
    two = play(by_hand, [*tape[:cut], *other[cut:]], script, options, until)
    assert one.exchange.fills == two.exchange.fills
    assert one.exchange.reports() == two.exchange.reports()
    assert list(one.exchange.notices) == list(two.exchange.notices)


@given(tape=tapes, script=scripts, options=options, steps=st.lists(st.integers(0, 600)))
def test_how_time_is_stepped_through_changes_nothing(by_hand, tape, script, options, steps):
    script = [step for step in script if step[1] == "submit"]
    one = play(by_hand, tape, script, options)
    rules = by_hand.make_rules(commission=COMMISSION, closing_auction="1m")
    two = by_hand.Hall(tape, rules=rules, cash=CASH, **options)
    moments = [(timedelta(seconds=step), "look", None) for step in steps]
    for offset, what, argument in sorted([*script, *moments], key=lambda step: step[0]):
        now = by_hand.OPEN + offset
        if what == "look":
            two.exchange.settle(now)
            continue
        two.submit(
            now,
            *(
                by_hand.make_order(Side(side), name, quantity, **fields)
                for side, name, quantity, fields in argument
            ),
        )
    two.run()
    assert one.exchange.fills == two.exchange.fills
    assert one.exchange.reports() == two.exchange.reports()


@given(tape=tapes, script=scripts, options=options)
def test_notices_tell_all_that_happened(by_hand, tape, script, options):
    hall = play(by_hand, tape, script, options)
    told = list(hall.exchange.notices)
    assert [notice for notice in told if isinstance(notice, Fill)] == hall.exchange.fills
    last = {notice.reference: notice for notice in told if not isinstance(notice, Fill)}
    for report in hall.exchange.reports():
        assert last[report.reference].status == report.status


halts = st.lists(
    st.tuples(times, st.sampled_from(["halt", "end_halt"]), st.none()), min_size=1, max_size=4
)


@given(tape=tapes, script=scripts, options=options, halts=halts)
def test_nothing_trades_in_a_halt_and_all_adds_up(by_hand, *, tape, script, options, halts):
    script = sorted([*halts, *script], key=lambda step: step[0])
    hall = play(by_hand, tape, script, options)
    exchange, cash = hall.exchange, Decimal(CASH)
    for fill in exchange.fills:
        # What was due at the instant of the call came before it.
        assert not any(
            halt.start < fill.at and (halt.end is None or fill.at < halt.end)
            for halt in exchange.halts.called
        )
        cash -= fill.side.sign * fill.quantity * fill.price + fill.commission
    assert exchange.ledger.cash == cash
    assert [fill.at for fill in exchange.fills] == sorted(fill.at for fill in exchange.fills)
    again = play(by_hand, tape, script, options).exchange
    assert (exchange.fills, exchange.reports()) == (again.fills, again.reports())


@given(tape=tapes, script=scripts, options=options, when=times)
def test_a_halt_that_is_over_at_once_keeps_nothing_from_trading_in_other_minutes(
    by_hand, *, tape, script, options, when
):
    script = [step for step in script if step[0] < when]
    told = [(when, "halt", None), (when, "end_halt", None)]
    with_halt = play(by_hand, tape, [*script, *told], options).exchange
    without = play(by_hand, tape, script, options).exchange
    minute = by_hand.OPEN + when - when % timedelta(minutes=1)
    if when % timedelta(minutes=1) >= timedelta(seconds=30) or when < timedelta(0):
        assert with_halt.fills == without.fills
    before = [fill for fill in without.fills if fill.at < minute]
    assert with_halt.fills[: len(before)] == before
