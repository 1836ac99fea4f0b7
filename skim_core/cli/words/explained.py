"""A day's explanation in words, for a trader: times at the exchange."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from skim_core.cli.words.explained_orders import write_decisions, write_refusals
from skim_core.cli.words.explained_phases import write_phases
from skim_core.cli.words.page import Page
from skim_core.cli.words.wording import average, count, listed, money, span
from skim_core.decide.explained import Conditions, Explanation, HaltAccount, PositionAccount
from skim_core.model.events import Outcome
from skim_core.model.limits import Limits
from skim_core.model.orders import Side


def write(explanation: Explanation, *, show_numbers: bool, whole: bool) -> None:
    """Print what happened; of a day that is not told `whole` only what was asked about."""
    page = Page(explanation.session, show_numbers=show_numbers)
    currency = f" {explanation.currency}" if explanation.currency else ""
    _write_head(page, explanation)
    if whole:
        _write_result(page, explanation, currency)
    if explanation.conditions is not None and whole:
        _write_conditions(page, explanation.conditions)
    _write_takeovers(page, explanation)
    if explanation.phases or explanation.findings or explanation.purges:
        write_phases(page, explanation)
    if explanation.decisions:
        page.section("Orders")
        write_decisions(page, explanation.decisions, currency)
    if explanation.refusals:
        page.section("Entries refused", [each.symbol for each in explanation.refusals])
        write_refusals(page, explanation.refusals, currency)
    if explanation.positions:
        page.section("Positions", [each.symbol for each in explanation.positions])
        for position in explanation.positions:
            _write_position(page, position, currency)
    _write_dangers(page, explanation)
    _write_comparisons(page, explanation)
    if explanation.other:
        page.section("Other records, which belong to nothing above", [])
        for other in explanation.other:
            text = other.event.model_dump_json(exclude={"at", "kind"})
            page.row(f"{other.kind} {text}", other.at, tone="warning", records=other.records)


def _write_head(page: Page, explanation: Explanation) -> None:
    session = explanation.session
    if session is None:
        return
    kind = ", a half day" if session.half_day else ""
    page.title(
        f"{explanation.strategy} on {session.exchange} {session.date:%a %Y-%m-%d}, "
        f"{session.local(session.open):%H:%M} to {session.local(session.close):%H:%M}{kind}, "
        f"account {explanation.account}"
    )


def _write_result(page: Page, explanation: Explanation, currency: str) -> None:
    closed = sum(position.profit is not None for position in explanation.positions)
    result = "no position was closed"
    if closed:
        profit = money(explanation.profit, signed=True)
        result = f"{count(closed, 'position')} closed, {profit}{currency} after costs"
    end = explanation.end
    if end is None:
        at = page.time(explanation.last_at) or "nothing"
        page.title(f"Not finished: the last record is of {at}; {result}.", "warning")
        return
    why = f" ({end.reason})" if end.reason else ""
    text = f"{end.outcome.value.capitalize()} at {page.time(end.at)}{why}: {result}."
    tone = "error" if end.outcome is Outcome.FAILED else _tone(explanation.profit)
    page.title(text + page.numbered(end.records), tone)


def _write_conditions(page: Page, conditions: Conditions) -> None:
    pace = {"fast": "as fast as it can", "real": "as it is"}.get(conditions.pace)
    pace = pace or f"{conditions.pace} times as fast"
    page.section("Conditions")
    text = f"Begun with the broker {conditions.broker}; time passes {pace}."
    page.row(text, conditions.at, records=conditions.records)
    if conditions.only is not None:
        page.row(f"Only the phase {conditions.only} was asked for, by hand.")
    if conditions.missed:
        page.row(
            "Nobody had started the day in time: only what was open is looked after.",
            tone="warning",
        )
    if conditions.disabled:
        page.row(
            "The configuration disabled the strategy: only what was open is looked after.",
            tone="warning",
        )
    versions = [f"{name} {version}" for name, version in conditions.versions.items()]
    page.row(f"Ran with {listed(versions)}." if versions else "Versions are not recorded.")
    page.row(f"Configuration {conditions.config_digest}.")
    page.row(f"Limits: {_limits(conditions.limits)}.")


def _limits(limits: Limits) -> str:
    told = []
    for name, allowed in limits:
        nothing = allowed is None or allowed is False
        if nothing or (name == "restart_margin" and limits.gateway_restart is None):
            continue
        told.append(f"{name.replace('_', ' ')} {_allowed(name, allowed)}")
    return "; ".join(told) or "none"


def _allowed(name: str, allowed: object) -> str:
    if isinstance(allowed, timedelta):
        return span(allowed)
    if isinstance(allowed, tuple):
        return listed(allowed)
    if isinstance(allowed, Decimal):
        return f"{allowed:,f} %" if name == "price_distance" else money(allowed)
    return "allowed" if allowed is True else str(allowed)


def _write_takeovers(page: Page, explanation: Explanation) -> None:
    if not explanation.takeovers:
        return
    page.section("Taken over")
    for takeover in explanation.takeovers:
        if takeover.only is not None:
            text = f"The phase {takeover.only} was asked for by hand, in {takeover.owner}"
        else:
            text = f"{takeover.owner} went on with the day"
        text += f". The last record before is {span(takeover.away)} older"
        if takeover.away:
            text += ": nobody ran the day for at most as long"
        if takeover.interrupted:
            text += f". Interrupted and begun again: {listed(takeover.interrupted)}"
        page.row(f"{text}.", takeover.at, tone="warning", records=takeover.records)


def _write_position(page: Page, position: PositionAccount, currency: str) -> None:
    verb = {Side.BUY: "bought", Side.SELL: "sold short", None: "opened"}[position.side]
    text = f"{position.quantity:,} {verb} at {average(position.entry_price)}"
    if position.carried:
        text += ", held overnight"
    tone = "warning"
    if position.profit is None or position.exit_price is None:
        text += ", still held"
    else:
        text += f", closed at {average(position.exit_price)}"
        if position.closed_at is not None and position.opened_at is not None:
            held = max(position.closed_at - position.opened_at, timedelta(0))
            text += f" by {page.time(position.closed_at)} ({span(held)})"
        text += f": {money(position.profit, signed=True)}{currency} after costs"
        tone = _tone(position.profit)
    page.row(
        f"{text}.", position.opened_at, label=position.symbol, tone=tone, records=position.records
    )


def _write_dangers(page: Page, explanation: Explanation) -> None:
    if explanation.protection:
        page.section("Without protection", [each.symbol for each in explanation.protection])
    for lapse in explanation.protection:
        text = "No working stop from here on"
        if lapse.lasted is not None:
            text = f"No working stop for {span(lapse.lasted)}, until {page.time(lapse.until)}"
        page.row(
            f"{text}: {lapse.reason}.",
            lapse.since,
            label=lapse.symbol,
            tone="error",
            records=lapse.records,
        )
    if explanation.halts:
        page.section("Halts")
    for halt in explanation.halts:
        page.row(_halted(page, halt), halt.at, tone="warning", records=halt.records)
    if explanation.connection:
        page.section("The line to the broker")
    for outage in explanation.connection:
        if outage.lasted is None:
            text = "Down, and not up again so far"
        elif outage.lasted or len(outage.records) > 1:
            text = f"Down for {span(outage.lasted)}, until {page.time(outage.until)}"
        else:
            text = "Up again"
        why = f": {outage.reason}" if outage.reason else ""
        lost = " What was subscribed was forgotten by the broker." if outage.data_lost else ""
        page.row(f"{text}{why}.{lost}", outage.at, tone="warning", records=outage.records)


def _halted(page: Page, halt: HaltAccount) -> str:
    text = f"Entries halted by {halt.by}: {halt.why or 'no reason was given'}"
    if halt.flatten:
        text += "; what was held was to be sold"
    if halt.resumed_by is not None:
        why = f": {halt.resumed_why}" if halt.resumed_why else ""
        by = f" by {halt.resumed_by}" if halt.resumed_by else ""
        return f"{text}. Allowed again at {page.time(halt.until)}{by}{why}."
    if halt.until is not None:
        return f"{text}. Another halt took its place at {page.time(halt.until)}."
    return f"{text}. It still stands."


def _write_comparisons(page: Page, explanation: Explanation) -> None:
    if not explanation.reconciliations:
        return
    page.section("Compared with the broker's books")
    for found in explanation.reconciliations:
        told: list[str] = [*found.differences]
        if found.foreign_positions:
            shares = [f"{held:,} {symbol}" for symbol, held in found.foreign_positions.items()]
            told.append(f"not ours and not touched: {listed(shares)}")
        if found.foreign_orders:
            told.append(f"orders that are not ours: {listed(found.foreign_orders)}")
        if found.in_doubt:
            told.append(f"still in doubt: {listed(found.in_doubt)}")
        looks = f"{count(found.passes, 'look')}; " if found.passes > 1 else ""
        text = f"{_sentence(found.reason)}: {looks}{'; '.join(told) or 'nothing to settle'}."
        page.row(text, found.at, tone="warning" if told else "", records=found.records)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" if text else "Asked"


def _tone(amount: Decimal) -> str:
    return "loss" if amount < 0 else "gain" if amount > 0 else ""
