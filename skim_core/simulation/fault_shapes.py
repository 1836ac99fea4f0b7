"""Every kind of fault: how often it is drawn, what it can be, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Party(StrEnum):
    """Who carries a fault out."""

    BROKER = "broker"
    """The model broker: its line and its books."""
    MARKET = "market"
    """The model market: prices, halts, market data."""
    WORLD = "world"
    """Whoever runs the processes: machines, disks, plugins, people."""


class Occasion(StrEnum):
    """What can be counted on a day, over all processes."""

    CONNECT = "connect"
    SUBMIT = "submit"
    MODIFY = "modify"
    CANCEL = "cancel"
    ORDERS = "look at the orders"
    EXECUTIONS = "look at the executions"
    POSITIONS = "look at the positions"
    QUOTES = "question for quotes"
    OTHER = "other question"
    ENTRY = "entry at the broker"
    STOP = "stop at the broker"
    TARGET = "target at the broker"
    EXIT = "exit at the broker"
    FILL = "trade"
    STATUS_TOLD = "status notice"
    FILL_TOLD = "fill notice"


class FaultKind(StrEnum):
    """What can go wrong."""

    LINE_DROPS = "line_drops"
    SLOW_LINE = "slow_line"
    REQUEST_LOST = "request_lost"
    REPLY_LOST = "reply_lost"
    REQUEST_DELAYED = "request_delayed"
    REPLY_DELAYED = "reply_delayed"
    REQUEST_DOUBLED = "request_doubled"
    REQUEST_REFUSED = "request_refused"
    STATUS_SKIPPED = "status_skipped"
    NOTICE_DOUBLED = "notice_doubled"
    NOTICE_LATE = "notice_late"
    FALSE_REJECT = "false_reject"
    REJECTED = "rejected"
    ACCEPTED_LATE = "accepted_late"
    TRADED_UNSEEN = "traded_unseen"
    CANCELLED_BY_OTHERS = "cancelled_by_others"
    FILLED_IN_PARTS = "filled_in_parts"
    BOOKS_LAG = "books_lag"
    IDS_ROLLED_BACK = "ids_rolled_back"
    FOREIGN_ORDER = "foreign_order"
    FOREIGN_POSITION = "foreign_position"
    SYMBOL_HALTED = "symbol_halted"
    PRICE_JUMPS = "price_jumps"
    QUOTES_STALE = "quotes_stale"
    QUOTES_DELAYED = "quotes_delayed"
    DATA_GAP = "data_gap"
    KILLED = "killed"
    KILLED_AT_STEP = "killed_at_step"
    KILLED_AT_WRITE = "killed_at_write"
    SUSPENDED = "suspended"
    SUSPENDED_SENDING = "suspended_sending"
    POWER_LOST = "power_lost"
    STARTED_TWICE = "started_twice"
    SECOND_MACHINE = "second_machine"
    CLOCK_SKEWED = "clock_skewed"
    DISK_FULL = "disk_full"
    DISK_READ_ONLY = "disk_read_only"
    DISK_LOCKED = "disk_locked"
    PLUGIN_RAISES = "plugin_raises"
    PLUGIN_HANGS = "plugin_hangs"
    PLUGIN_NONSENSE = "plugin_nonsense"
    HALTED_BY_PEOPLE = "halted_by_people"
    RESUMED_BY_PEOPLE = "resumed_by_people"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a kind of fault can be.

    Without `occasions` it comes at a time, or (not `timed` either) from the start. `nth` is
    the highest occasion drawn, `lasting` (seconds) and `amount` the range of each.
    """

    party: Party
    words: str
    weight: int = 2
    occasions: tuple[Occasion, ...] = ()
    timed: bool = False
    nth: int = 6
    lasting: tuple[float, float] = (0, 0)
    amount: tuple[int, int] = (0, 0)
    target: str = ""
    variants: tuple[str, ...] = ("",)


_ORDER_REQUESTS = (Occasion.SUBMIT, Occasion.MODIFY, Occasion.CANCEL)
_LOOKS = (Occasion.ORDERS, Occasion.EXECUTIONS, Occasion.POSITIONS, Occasion.QUOTES)
# The requests that move money are drawn twice as often as those that only ask.
_REQUESTS = (*_ORDER_REQUESTS, *_ORDER_REQUESTS, *_LOOKS)
_ARRIVALS = (Occasion.ENTRY, Occasion.STOP, Occasion.TARGET, Occasion.EXIT)
_NOTICES = (Occasion.STATUS_TOLD, Occasion.FILL_TOLD)
_BROKER, _MARKET, _WORLD = Party.BROKER, Party.MARKET, Party.WORLD

LONGEST_DELAY = 3.0
"""Seconds: with `LONGEST_HIDING` less than the broker's quiet time, or an order could
appear after it was rightly found absent."""

LONGEST_HIDING = 15.0
"""Seconds for which the broker's books may not show what is so."""

SHAPES: Mapping[FaultKind, Shape] = MappingProxyType(
    {
        FaultKind.LINE_DROPS: Shape(
            _BROKER,
            "the line drops for {lasting}, told {variant} (noticed in {amount} s at the latest)",
            weight=8,
            occasions=(*_ORDER_REQUESTS, *_LOOKS, *_ARRIVALS, Occasion.FILL, *_NOTICES),
            timed=True,
            lasting=(1, 240),
            amount=(5, 60),
            variants=(
                "at once",
                "at once, data lost",
                "late",
                "late, data lost",
                "silently",
                "silently, data lost",
            ),
        ),
        FaultKind.SLOW_LINE: Shape(
            _BROKER,
            "every message takes {amount} ms longer for {lasting}",
            timed=True,
            lasting=(5, 600),
            amount=(50, 800),
        ),
        FaultKind.REQUEST_LOST: Shape(
            _BROKER, "the request never arrives", weight=3, occasions=_REQUESTS
        ),
        FaultKind.REPLY_LOST: Shape(
            _BROKER, "the request arrives, its answer does not", weight=4, occasions=_REQUESTS
        ),
        FaultKind.REQUEST_DELAYED: Shape(
            _BROKER,
            "the request arrives {lasting} late",
            occasions=_REQUESTS,
            lasting=(0.1, LONGEST_DELAY),
        ),
        FaultKind.REPLY_DELAYED: Shape(
            _BROKER, "the answer comes {lasting} late", occasions=_REQUESTS, lasting=(0.1, 12)
        ),
        FaultKind.REQUEST_DOUBLED: Shape(
            _BROKER, "the request arrives twice", occasions=_ORDER_REQUESTS
        ),
        FaultKind.REQUEST_REFUSED: Shape(
            _BROKER,
            "the request is answered with an error, but {variant}",
            occasions=_REQUESTS,
            variants=("carried out", "not carried out"),
        ),
        FaultKind.STATUS_SKIPPED: Shape(
            _BROKER, "the status is not told", occasions=(Occasion.STATUS_TOLD,), nth=20
        ),
        FaultKind.NOTICE_DOUBLED: Shape(
            _BROKER,
            "the notice is told again after {lasting}",
            occasions=_NOTICES,
            nth=12,
            lasting=(0, 20),
        ),
        FaultKind.NOTICE_LATE: Shape(
            _BROKER,
            "the notice is told {lasting} late, after others",
            weight=3,
            occasions=_NOTICES,
            nth=12,
            lasting=(0.05, LONGEST_HIDING),
        ),
        FaultKind.FALSE_REJECT: Shape(
            _BROKER,
            "an error makes it look refused after {lasting}, though it lives",
            occasions=_ARRIVALS,
            lasting=(0.05, 30),
        ),
        FaultKind.REJECTED: Shape(_BROKER, "it is refused", weight=4, occasions=_ARRIVALS),
        FaultKind.ACCEPTED_LATE: Shape(
            _BROKER,
            "no book shows it for {lasting}, though it may trade",
            weight=4,
            occasions=_ARRIVALS,
            lasting=(0.5, LONGEST_HIDING),
        ),
        FaultKind.TRADED_UNSEEN: Shape(
            _BROKER,
            f"no book shows it for {LONGEST_HIDING:g} s; if it trades by then, for {{lasting}} more",
            occasions=(Occasion.ENTRY,),
            lasting=(60, 3000),
        ),
        FaultKind.CANCELLED_BY_OTHERS: Shape(
            _BROKER,
            "somebody else cancels it after {lasting}",
            weight=3,
            occasions=(Occasion.ENTRY, Occasion.STOP, Occasion.STOP, Occasion.TARGET),
            lasting=(0.5, 1800),
        ),
        FaultKind.FILLED_IN_PARTS: Shape(
            _BROKER,
            "it trades in {amount} parts, up to {lasting} apart",
            weight=4,
            occasions=_ARRIVALS,
            lasting=(0.2, 600),
            amount=(2, 5),
        ),
        FaultKind.BOOKS_LAG: Shape(
            _BROKER,
            "executions and orders that are done show {amount} s late, for {lasting}",
            timed=True,
            lasting=(30, 3600),
            amount=(1, int(LONGEST_HIDING)),
        ),
        FaultKind.IDS_ROLLED_BACK: Shape(
            _BROKER, "the broker's ids go back by {amount}", weight=1, timed=True, amount=(1, 50)
        ),
        FaultKind.FOREIGN_ORDER: Shape(
            _BROKER,
            "somebody else sends an order for {amount} {target}: {variant}",
            timed=True,
            amount=(1, 500),
            target="symbol",
            variants=("buy market", "sell market", "buy limit", "sell limit", "sell stop"),
        ),
        FaultKind.FOREIGN_POSITION: Shape(
            _BROKER,
            "{amount} {target} of somebody else appear in the account",
            weight=1,
            timed=True,
            amount=(-300, 300),
            target="symbol",
        ),
        FaultKind.SYMBOL_HALTED: Shape(
            _MARKET,
            "{target} is halted for {lasting}",
            timed=True,
            lasting=(20, 5400),
            target="symbol",
        ),
        FaultKind.PRICE_JUMPS: Shape(
            _MARKET,
            "{target} moves by {amount} per mille within a minute",
            timed=True,
            amount=(-80, 80),
            target="symbol",
        ),
        FaultKind.QUOTES_STALE: Shape(
            _MARKET,
            "quotes of {target} stand still for {lasting}",
            timed=True,
            lasting=(30, 3600),
            target="symbol",
        ),
        FaultKind.QUOTES_DELAYED: Shape(
            _MARKET,
            "quotes of {target} are delayed for {lasting}",
            weight=1,
            timed=True,
            lasting=(30, 3600),
            target="symbol",
        ),
        FaultKind.DATA_GAP: Shape(
            _MARKET,
            "there is no data of {target} for {lasting}",
            timed=True,
            lasting=(30, 3600),
            target="symbol",
        ),
        FaultKind.KILLED: Shape(_WORLD, "the process is killed", weight=4, timed=True),
        FaultKind.KILLED_AT_STEP: Shape(
            _WORLD, "the process is killed at its step {amount}", weight=4, amount=(1, 3000)
        ),
        FaultKind.KILLED_AT_WRITE: Shape(
            _WORLD, "the process is killed at its write point {amount}", weight=8, amount=(1, 400)
        ),
        FaultKind.SUSPENDED: Shape(
            _WORLD, "the process stands still for {lasting}", weight=3, timed=True, lasting=(1, 900)
        ),
        FaultKind.SUSPENDED_SENDING: Shape(
            _WORLD,
            "the process stands still for {lasting} as order {amount} is about to leave",
            weight=4,
            lasting=(1, 900),
            amount=(1, 16),
        ),
        FaultKind.POWER_LOST: Shape(_WORLD, "the machine loses its power", weight=3, timed=True),
        FaultKind.STARTED_TWICE: Shape(
            _WORLD, "the day is started again on this machine", weight=3, timed=True
        ),
        FaultKind.SECOND_MACHINE: Shape(
            _WORLD, "the day is started on a second machine", timed=True
        ),
        FaultKind.CLOCK_SKEWED: Shape(
            _WORLD, "the machine's clock is set {amount} s off", timed=True, amount=(-120, 120)
        ),
        FaultKind.DISK_FULL: Shape(
            _WORLD, "the disk is full for {lasting}", timed=True, lasting=(1, 1200)
        ),
        FaultKind.DISK_READ_ONLY: Shape(
            _WORLD,
            "the disk can't be written for {lasting}",
            weight=1,
            timed=True,
            lasting=(1, 1200),
        ),
        FaultKind.DISK_LOCKED: Shape(
            _WORLD, "the journal is locked for {lasting}", weight=1, timed=True, lasting=(1, 60)
        ),
        FaultKind.PLUGIN_RAISES: Shape(_WORLD, "{target} raises", target="phase", nth=12),
        FaultKind.PLUGIN_HANGS: Shape(
            _WORLD, "{target} hangs for {lasting}", target="phase", nth=12, lasting=(1, 900)
        ),
        FaultKind.PLUGIN_NONSENSE: Shape(
            _WORLD, "{target} returns nonsense", target="phase", nth=12
        ),
        FaultKind.HALTED_BY_PEOPLE: Shape(
            _WORLD,
            "entries are halted for the {variant}",
            weight=3,
            timed=True,
            variants=("strategy", "account", "account, flatten"),
        ),
        FaultKind.RESUMED_BY_PEOPLE: Shape(_WORLD, "every halt is taken back", timed=True),
    }
)
"""The shape of every kind of fault."""
