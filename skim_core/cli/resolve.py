"""``resolve``: a person says what became of an order that is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from skim_core.cli.days.controls import (
    PATIENCE,
    controls_of,
    login_name,
    open_days,
    said_why,
    wait_for,
)
from skim_core.cli.days.relaying import relay
from skim_core.cli.output import echo, print_json
from skim_core.cli.places import open_journal
from skim_core.cli.standing import fold
from skim_core.cli.wanted import Wanted
from skim_core.cli.words.phrases import average_text, order_text
from skim_core.clock.wall import WallClock
from skim_core.decide.book import Book
from skim_core.errors import ConfigError, nearest
from skim_core.exits import ExitCode
from skim_core.model.base import Price
from skim_core.model.controls import Resolution
from skim_core.model.events import DayStarted, OrderResolved
from skim_core.model.orders import OrderStage, OrderState
from skim_core.model.trading_day import TradingDay
from skim_core.ports.journal import Journal

Outcome = Literal["filled", "cancelled", "absent", "working"]


@dataclass(frozen=True)
class Said:
    """What was typed: `quantity` in shares and `price` in quote currency, of an order filled."""

    reference: str
    outcome: Outcome
    why: str
    quantity: int | None = None
    price: str | None = None


@dataclass(frozen=True)
class _Found:
    """An order in the latest day that knows it."""

    run_id: str
    state: OrderState
    finished: bool


def resolve_order(said: Said, wanted: Wanted) -> int:
    """Journal what became of an unknown order; return the exit code.

    That is 1 when a running process has not taken it up within two seconds, or when nobody
    can act on it any more because the order's day is over. Raises ConfigError for an order
    that isn't unknown, and for quantities and prices that don't fit what is said.
    """
    settings = wanted.settings()
    price = _read_price(said)
    why = said_why(said.why)
    if not settings.journal_path.exists():
        msg = f"nothing was run yet: there is no {settings.journal_path}, and no order in it."
        raise ConfigError(msg)
    journal = open_journal(settings)
    try:
        found = _find(journal, said.reference, settings.account)
        _check_quantity(said, found.state)
        if found.finished:
            return _too_late(found, wanted)
        control = Resolution(
            at=WallClock().now(),
            account=settings.account,
            by=login_name(),
            why=why,
            run_id=found.run_id,
            reference=said.reference,
            outcome=said.outcome,
            quantity=said.quantity,
            price=price,
        )
        code, heard = _append(journal, control, found, wanted)
    finally:
        journal.close()
    if heard is not None:
        relay(control, heard, settings)
    return code


def _append(
    journal: Journal, control: Resolution, found: _Found, wanted: Wanted
) -> tuple[int, list[TradingDay] | None]:
    """Return the exit code, and the days that have taken it up: None when it was said before."""
    pending = _pending(journal, control)
    days = open_days(journal, control.account, None, control.at)
    open_day = next((day for day in days if day.run_id == found.run_id), None)
    owner = open_day.owner if open_day is not None else None
    number, done = None, False
    if pending is not None:
        said = f"was resolved already, as {pending.outcome} by {pending.by}"
    else:
        before = _times_resolved(journal, control)
        number = journal.append_control(control)
        said = f"({order_text(found.state.order)}) is {control.outcome}"
        if owner is not None:
            done = wait_for(lambda: _times_resolved(journal, control) > before)
    reason = f"{control.reference} {said}. {_who_acts(found, owner, done=done)}"
    if wanted.as_json:
        shown = control.model_dump() if number is not None else None
        day = {"run_id": found.run_id, "owner": owner, "effective": done}
        print_json({"control": shown, "number": number, "days": [day], "reason": reason})
    else:
        echo(f"skim: {reason}")
    heard = [open_day.day] if open_day is not None and done else []
    code = ExitCode.FAILED if owner is not None and not done else ExitCode.DONE
    return code, heard if number is not None else None


def _who_acts(found: _Found, owner: str | None, *, done: bool) -> str:
    if owner is None:
        return (
            f"No process runs {found.run_id}: 'skim start_monitoring' goes on with it and takes "
            f"that up; {found.state.order.symbol} is blocked until then."
        )
    if done:
        return f"{found.run_id} has taken it up (run by {owner})."
    return (
        f"{found.run_id} is run by {owner}, which has not taken it up within "
        f"{PATIENCE.seconds} s: see 'skim status'."
    )


def _pending(journal: Journal, control: Resolution) -> Resolution | None:
    """Return what was said of the order before and not taken up yet, or None."""
    order = (control.run_id, control.reference)
    earlier = [
        given
        for given in controls_of(journal)
        if isinstance(given, Resolution) and (given.run_id, given.reference) == order
    ]
    return earlier[-1] if len(earlier) > _times_resolved(journal, control) else None


def _times_resolved(journal: Journal, control: Resolution) -> int:
    events = (record.event for record in journal.read(control.run_id))
    return sum(
        isinstance(event, OrderResolved) and event.reference == control.reference
        for event in events
    )


def _find(journal: Journal, reference: str, account: str) -> _Found:
    """Return an unknown order. Raises ConfigError saying what else there is."""
    unknown: list[str] = []
    for run_id, book, finished in _books(journal, account):
        state = book.orders.get(reference)
        if state is not None:
            if state.stage is not OrderStage.UNKNOWN:
                raise _is_known(state, run_id)
            return _Found(run_id, state, finished)
        if not finished:
            unknown += [
                f"{other.order.reference} ({order_text(other.order)})"
                for other in book.live
                if other.stage is OrderStage.UNKNOWN
            ]
    known = [text.partition(" ")[0] for text in unknown]
    names = f"unknown are {', '.join(unknown)}" if unknown else "no order is unknown"
    msg = f"the account {account} has no order {reference!r}{nearest(reference, known)}: {names}."
    raise ConfigError(msg)


def _books(journal: Journal, account: str) -> Iterator[tuple[str, Book, bool]]:
    """Yield the account's books, the latest day's first: it knows best what it took over."""
    for run in reversed(journal.runs()):
        started = run.first
        if isinstance(started, DayStarted) and started.account == account:
            standing = fold(record.event for record in journal.read(run.run_id))
            finished = standing.state is not None and standing.state.finished
            yield run.run_id, standing.book, finished


def _is_known(state: OrderState, run_id: str) -> ConfigError:
    filled = ""
    if state.filled and state.average_price is not None:
        filled = f", {state.filled} of it filled at {average_text(state.average_price)}"
    return ConfigError(
        f"{state.order.reference} ({order_text(state.order)}, of {run_id}) is not unknown but "
        f"{state.stage.value.replace('_', ' ')}{filled}: there is nothing to resolve."
    )


def _read_price(said: Said) -> Decimal | None:
    both = said.quantity is not None and said.price is not None
    neither = said.quantity is None and said.price is None
    if said.outcome == "filled" and not both:
        msg = "--as filled needs --quantity and --price: how many shares traded, at what price."
        raise ConfigError(msg)
    if said.outcome != "filled" and not neither:
        msg = f"--quantity and --price go with --as filled, not with --as {said.outcome}."
        raise ConfigError(msg)
    if said.price is None:
        return None
    try:
        return TypeAdapter(Price).validate_python(Decimal(said.price))
    except (InvalidOperation, ValidationError):
        msg = f"--price {said.price!r} is no price: write a number above 0, such as 45.10."
        raise ConfigError(msg) from None


def _check_quantity(said: Said, state: OrderState) -> None:
    least, most = max(1, state.filled), state.order.quantity
    if said.quantity is None or least <= said.quantity <= most:
        return
    known = f", of which {state.filled} are known to be filled" if state.filled else ""
    msg = (
        f"--quantity {said.quantity} can't be: the order is for {most} shares{known}. Give all "
        "the shares of it that traded."
    )
    raise ConfigError(msg)


def _too_late(found: _Found, wanted: Wanted) -> int:
    reason = (
        f"the day of {found.state.order.reference}, {found.run_id}, is over: nobody acts on it any "
        "more. What the broker holds of it is shown as not ours from the next day on: close it "
        "there."
    )
    if wanted.as_json:
        print_json({"control": None, "number": None, "days": [], "reason": reason})
    else:
        echo(f"skim: {reason}")
    return ExitCode.FAILED
