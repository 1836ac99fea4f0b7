"""What became of orders, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from skim_core.cli.words.page import Page
from skim_core.cli.words.wording import average, listed, money, price, span
from skim_core.decide import explained_steps as parts
from skim_core.decide.explained_steps import Decision, Margin, RefusedEntry
from skim_core.model.limits import RiskReading
from skim_core.model.orders import Order, OrderStage, OrderType, TimeInForce

_STANDS = {
    TimeInForce.DAY: "",
    TimeInForce.GTC: ", until cancelled",
    TimeInForce.AT_OPEN: ", in the opening auction",
    TimeInForce.AT_CLOSE: ", in the closing auction",
}

_OPEN = {
    OrderStage.INTENT: "It was not sent.",
    OrderStage.SENDING: "It was not answered: the broker may have it or not.",
    OrderStage.ACKNOWLEDGED: "It rests at the broker.",
    OrderStage.PARTLY_FILLED: "The rest of it still works.",
}

_DISTANCES = {"before_close": "the close", "gateway_restart": "the gateway's restart"}

_MONEY_LIMITS = {"order_value", "position_value", "loss_per_day", "drawdown"}


def write_decisions(page: Page, decisions: Sequence[Decision], currency: str) -> None:
    """Write each order from its decision on; those of one bracket stand together."""
    keys = dict.fromkeys(decision.key for decision in decisions)
    for index, key in enumerate(keys):
        if index:
            page.gap()
        for decision in [each for each in decisions if each.key == key]:
            _write(page, decision, currency)


def write_refusals(page: Page, refusals: Sequence[RefusedEntry], currency: str) -> None:
    """Write the entries that were held up."""
    for refused in refusals:
        asked = f", asked for by {_who(refused.by)}" if refused.by else ""
        text = f"{refused.purpose} refused{asked}, {refused.limit}: {refused.reason}."
        page.row(text, refused.at, label=refused.symbol, tone="warning", records=refused.records)
        if refused.reading is not None:
            page.row(_known(refused.reading, refused.quote_age, currency), tone="aside")
        if refused.margins:
            page.row(_limits(refused.margins, currency), tone="aside")


def instruction(order: Order) -> str:
    """Return what an order tells the broker: ``buy 100 BHP at 45.10 or better``."""
    text = f"{order.side} {order.quantity:,} {order.symbol}"
    if order.stop_price is not None:
        text += f" once {price(order.stop_price)} trades"
    if order.limit_price is not None:
        text += f" at {price(order.limit_price)} or better"
    elif order.type is OrderType.MARKET:
        text += " at market"
    return text + _STANDS[order.time_in_force]


def _write(page: Page, decision: Decision, currency: str) -> None:
    order = decision.order
    page.head(f"{order.purpose}: {instruction(order)}  ({decision.reference})", "active")
    steps = iter(_joined(decision.steps))
    for step, records in steps:
        text, tone = _TELLERS[type(step)](decision, step, currency)
        page.row(text, step.at, tone=tone, records=records)
        if isinstance(step, parts.Decided) and step.reading is not None:
            page.row(_known(step.reading, step.quote_age, currency), tone="aside")
            page.row(_limits(step.margins, currency), tone="aside")
    fills = sum(isinstance(step, parts.Filled) for step in decision.steps)
    if fills > 1 and decision.average_price is not None:
        text = f"In all {decision.filled:,} at {average(decision.average_price)} on average"
        compared = _slipped(decision.slippage, decision.slippage_ticks, order, currency)
        page.row(f"{text}{compared}.", tone="fill")
    if decision.stage in _OPEN:
        page.row(_OPEN[decision.stage], tone="warning")


def _joined(steps: Sequence[parts.Step]) -> list[tuple[parts.Step, list[int]]]:
    """Return the steps with their records; an answer swallows the sending right before it."""
    joined: list[tuple[parts.Step, list[int]]] = []
    for step in steps:
        before = joined[-1][0] if joined else None
        if isinstance(step, parts.Acknowledged) and isinstance(before, parts.Sent):
            joined.append((step, [*joined.pop()[1], *step.records]))
        else:
            joined.append((step, list(step.records)))
    return joined


_Told = tuple[str, str]


def _decided(decision: Decision, step: parts.Decided, _currency: str) -> _Told:
    if decision.order.parent is not None:
        return "Decided with its entry.", ""
    return "Decided" + _asked(step.reason, step.by), ""


def _carried(_decision: Decision, step: parts.Carried, _currency: str) -> _Told:
    filled = f", {step.filled:,} of it filled" if step.filled else ""
    return f"It stood from a day before, {_worded(step.stage)}{filled}.", ""


def _sent(_decision: Decision, step: parts.Sent, _currency: str) -> _Told:
    return ("Sent again." if step.again else "Sent."), ""


def _acknowledged(decision: Decision, step: parts.Acknowledged, _currency: str) -> _Told:
    named = f", as {step.broker_id}" if step.broker_id else ""
    before = decision.steps[decision.steps.index(step) - 1]
    if step.after is None or not isinstance(before, parts.Sent):
        return f"The broker has it{named}.", ""
    again = " again" if before.again else ""
    return f"Sent{again}; the broker had it {span(step.after)} later{named}.", ""


def _modified(_decision: Decision, step: parts.Modified, _currency: str) -> _Told:
    changes = []
    if step.from_quantity != step.to_quantity:
        changes.append(f"quantity from {step.from_quantity:,} to {step.to_quantity:,}")
    for name, old, new in (
        ("limit", step.from_limit_price, step.to_limit_price),
        ("stop", step.from_stop_price, step.to_stop_price),
    ):
        if old != new:
            changes.append(f"{name} from {_maybe(old)} to {_maybe(new)}")
    text = f"Changed: {listed(changes)}" if changes else "Sent again as it is"
    return text + _asked(step.reason, step.by), ""


def _cancel_asked(_decision: Decision, step: parts.CancelAsked, _currency: str) -> _Told:
    return "A cancel was asked for" + _asked(step.reason, step.by), ""


def _filled(decision: Decision, step: parts.Filled, currency: str) -> _Told:
    verb = "bought" if step.side == "buy" else "sold"
    text = f"{'Stop hit: ' if step.stop_hit else ''}{verb} {step.quantity:,} at {price(step.price)}"
    text += _slipped(step.slippage, step.slippage_ticks, decision.order, currency)
    if step.commission:
        text += f"; commission {money(step.commission)}"
    if step.remaining:
        text += f"; {step.remaining:,} to go"
    return f"{text[0].upper()}{text[1:]}.", "stop" if step.stop_hit else "fill"


def _over(decision: Decision, step: parts.Over, _currency: str) -> _Told:
    why = f": {step.reason}." if step.reason else "."
    if step.what == "rejected":
        return f"Refused by the broker{why}", "error"
    if step.asked and step.after is not None:
        return f"Cancelled, {span(step.after)} after that was asked for{why}", "warning"
    left = any(isinstance(each, parts.Sent | parts.Carried) for each in decision.steps)
    return f"Cancelled {'by the broker' if left else 'before it was sent'}{why}", "warning"


def _doubt(decision: Decision, step: parts.Doubt, _currency: str) -> _Told:
    if step.what == "absent":
        text = "Nothing of it left" if step.certain else "The broker never had it"
    else:
        text = "Nobody knows what became of it"
    text += f": {step.finding}." if step.finding else "."
    if step.settled_at is not None:
        after = span(max(step.settled_at - step.at, timedelta(0)))
        text += f" After {after}: {step.settled_by}."
    elif step.what == "unknown":
        text += f" 'skim resolve {decision.reference}' says what it was."
    return text, "error" if step.what == "unknown" else "warning"


def _resolved(_decision: Decision, step: parts.Resolved, _currency: str) -> _Told:
    why = f", {step.why}" if step.why else ""
    return f"{step.by} said what became of it: {step.outcome}{why}.", "warning"


_TELLERS: dict[type[parts.Step], Callable[[Decision, Any, str], _Told]] = {
    parts.Decided: _decided,
    parts.Carried: _carried,
    parts.Sent: _sent,
    parts.Acknowledged: _acknowledged,
    parts.Modified: _modified,
    parts.CancelAsked: _cancel_asked,
    parts.Filled: _filled,
    parts.Over: _over,
    parts.Doubt: _doubt,
    parts.Resolved: _resolved,
}


def _asked(reason: str, by: str) -> str:
    author = f" by {_who(by)}" if by else ""
    return f"{author}: {reason}." if reason else f"{author}."


def _who(by: str) -> str:
    return "skim itself, to protect the position" if by == "protection" else by


def _slipped(slippage: Decimal | None, ticks: Decimal | None, order: Order, currency: str) -> str:
    if slippage is None:
        return ""
    against = "its stop price" if order.stop_price is not None else "the last price"
    if not slippage:
        return f", {against} exactly"
    word = "worse" if slippage > 0 else "better"
    text = f", {money(abs(slippage))}{currency} {word} than {against}"
    if ticks is None:
        return text
    amount = f"{abs(ticks):.2f}".rstrip("0").rstrip(".")
    return f"{text} ({amount} {'tick' if amount == '1' else 'ticks'} a share)"


def _known(reading: RiskReading, age: timedelta | None, currency: str) -> str:
    quoted = "No price known"
    if reading.last is not None:
        late = ", delayed" if reading.delayed else ""
        old = f", {span(age)} old{late}" if age is not None else late
        halted = ", halted" if reading.halted else ""
        quoted = f"Last price {price(reading.last)}{old}{halted}"
    profit = f"{money(reading.realised, signed=True)} realised"
    if reading.unrealised is not None:
        profit += f", {money(reading.unrealised, signed=True)} open"
    if reading.peak:
        profit += f", {money(reading.peak, signed=True)} at its highest"
    return (
        f"{quoted}; order worth {money(reading.value)}{currency}, position with it "
        f"{money(reading.position_value)}; other positions {reading.positions}, entries today "
        f"{reading.orders_today}, in the last minute {reading.orders_last_minute}; profit {profit}."
    )


def _limits(margins: Sequence[Margin], currency: str) -> str:
    if not margins:
        return "No limit was set."
    return f"Limits: {'; '.join(_limit(margin, currency) for margin in margins)}."


def _limit(margin: Margin, currency: str) -> str:
    name = margin.limit.replace("_", " ")
    unit = currency if margin.limit in _MONEY_LIMITS else ""
    allowed = _amount(margin, margin.allowed)
    if margin.found is None:
        return f"{name} {allowed}{unit}, not measured"
    found = _amount(margin, margin.found)
    if margin.limit in _DISTANCES:
        return f"{_DISTANCES[margin.limit]} {found} away, at least {allowed}"
    if isinstance(margin.left, Decimal | int) and margin.left < 0:
        return f"{name} {found} of {allowed}{unit}, {_amount(margin, -margin.left)} over"
    return f"{name} {found} of {allowed}{unit}, {_amount(margin, margin.left)} left"


def _amount(margin: Margin, amount: parts.Amount | None) -> str:
    if amount is None:
        return "nothing"
    if isinstance(amount, timedelta):
        return span(amount)
    if margin.limit == "price_distance":
        return f"{amount:.2f} %"
    return money(amount) if isinstance(amount, Decimal) else f"{amount:,}"


def _maybe(amount: Decimal | None) -> str:
    return "none" if amount is None else price(amount)


def _worded(stage: OrderStage) -> str:
    return stage.value.replace("_", " ")
