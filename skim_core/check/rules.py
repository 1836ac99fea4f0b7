"""The rules, by their numbers: what each holds a strategy to. The docs have a section for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How far a strategy is proven; each level includes those before it."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"

    @property
    def rank(self) -> int:
        """Its place, from 0."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what holds when it is kept, how to mend a strategy that breaks it, and why."""

    number: str
    level: Level
    words: str
    mend: str
    why: str


RULES = (
    Rule(
        "SK101",
        Level.BRONZE,
        "it is found: its metadata, its dependencies and its entry point are sound",
        "follow what 'skim doctor' says",
        "Otherwise skim never sees it, or it fails where it is installed next. While this "
        "rule or SK104 is broken, no other is tried.",
    ),
    Rule(
        "SK102",
        Level.BRONZE,
        "importing it does nothing but define things",
        "move it into a hook",
        "Listing, checking and starting days import it, in the process of other strategies "
        "too. Files, sockets, threads, programs, the environment, the root logger, the "
        "decimal context, signals and what it prints are watched by an audit hook.",
    ),
    Rule(
        "SK103",
        Level.BRONZE,
        "importing it takes no longer than importing skim and what skim needs",
        "import what is slow inside the hook that needs it",
        "Cron starts it every day, the watchdog every five minutes. The time is compared with "
        "that of skim's own imports in the same process, so a slow machine changes nothing.",
    ),
    Rule(
        "SK104",
        Level.BRONZE,
        "its hooks are hooks, with the arguments and types that are specified",
        "correct the function that is named",
        "A misspelt hook is never called, and one with a wrong signature fails in the middle "
        "of a day.",
    ),
    Rule(
        "SK105",
        Level.BRONZE,
        "its settings are frozen, refuse unknown keys, and are valid as they come",
        "set model_config = ConfigDict(frozen=True, extra='forbid') and give sound defaults",
        "A phase must not change what another reads, a typo in skim.toml must not be the "
        "default in silence, and a strategy runs without a section. They also survive the "
        "trip through JSON, which they take when a day is resumed.",
    ),
    Rule(
        "SK106",
        Level.BRONZE,
        "its graph fits full days, half days and those of daylight saving",
        "make the times hang on the open or the close alone, or leave them more room",
        "A window that hangs on the open alone may lie after an early close.",
    ),
    Rule(
        "SK107",
        Level.BRONZE,
        "it states the version of the contract that it was written for",
        "write api_version = 1 in the module behind its entry point",
        "A skim with another contract can then say so by name, before it imports it.",
    ),
    Rule(
        "SK201",
        Level.SILVER,
        "it trades on a simulated day, so that the rules below try something",
        "give settings with which it trades on the generated market: [tool.skim.check] config",
        "Rules that are kept by a strategy that does nothing prove nothing.",
    ),
    Rule(
        "SK202",
        Level.SILVER,
        "whole days of every kind run to their end",
        "see what failed with 'skim start_trading_day' on that date and 'skim explain'",
        "A phase that raises on a half day fails the day on which you are away. While this "
        "rule is broken, what else is seen on days is not tried.",
    ),
    Rule(
        "SK203",
        Level.SILVER,
        "every position has a working stop, at a price that protects it",
        "name a stop in each Bracket that is less than half of the price away",
        "skim keeps the stop that a Bracket names at the broker; one that lies more than half "
        "of the price away is none.",
    ),
    Rule(
        "SK204",
        Level.SILVER,
        "it ends the day flat, unless it says that it holds over the night",
        "exit what is held in a protective phase before the close, or set overnight = true",
        "What was being sold and found no buyer doesn't count.",
    ),
    Rule(
        "SK205",
        Level.SILVER,
        "killed at any boundary and taken over, it orders nothing twice",
        "decide from the context alone, and keep nothing in the module",
        "A process that takes a day over imports the strategy anew and knows the journal alone.",
    ),
    Rule(
        "SK206",
        Level.SILVER,
        "a broker that refuses, loses, doubles or delays leaves it sound",
        "give no new purpose to a decision that was made, and let a phase that raised be retried",
        "A decision is the same while its symbol and purpose are; a new purpose for each try "
        "makes each another order.",
    ),
    Rule(
        "SK207",
        Level.SILVER,
        "orders that trade in small parts leave it sound",
        "decide by ctx.positions and ctx.orders, not by what was wished for",
        "An order is filled whole only in examples.",
    ),
    Rule(
        "SK208",
        Level.SILVER,
        "it takes the time from its context",
        "use ctx.now and ctx.clock.sleep_until",
        "On the wall's time a simulated or replayed day is another than the live one, and "
        "sleeping holds up all that runs beside it.",
    ),
    Rule(
        "SK209",
        Level.SILVER,
        "it reaches the broker through its context, and skim through its public faces",
        "use ctx.orders and ctx.market, and import from skim_core, its errors, events, cli and "
        "testing alone",
        "What goes around the order desk is neither limited, nor journaled, nor sent once; "
        "what is imported past skim's public modules may change with any release.",
    ),
    Rule(
        "SK301",
        Level.GOLD,
        "the same day is the same in another process",
        "sort what comes from a set, seed what is random, and keep nothing in the module",
        "Two processes with different hash seeds live two days each and compare every event.",
    ),
    Rule(
        "SK302",
        Level.GOLD,
        "what it decides does not hang on what has not happened yet",
        "ask for data through the context alone, and remember nothing from earlier runs",
        "The day is replayed with its data cut at instants, the rest left out or made up; "
        "until then nothing may differ.",
    ),
    Rule(
        "SK303",
        Level.GOLD,
        "a strict type checker finds nothing",
        "run 'mypy --strict' and annotate what it names",
        "mypy --strict is run on the package; it has to be installed beside skim. The "
        "decorators of hooks know each hook's signature.",
    ),
    Rule(
        "SK304",
        Level.GOLD,
        "every setting says what it is, and every hook what it does",
        "give Field(description=...) with the unit, and a docstring to each hook",
        "skim config and whoever reads the code have nothing else.",
    ),
)
"""Every rule, in the order in which they are tried."""

BY_NUMBER = {rule.number: rule for rule in RULES}
