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
    """One rule: what holds when it is kept, and how to mend a strategy that breaks it."""

    number: str
    level: Level
    words: str
    mend: str


RULES = (
    Rule(
        "SK101",
        Level.BRONZE,
        "it is found: its metadata, its dependencies and its entry point are sound",
        "follow what 'skim doctor' says",
    ),
    Rule(
        "SK102",
        Level.BRONZE,
        "importing it does nothing but define things",
        "move it into a hook",
    ),
    Rule(
        "SK103",
        Level.BRONZE,
        "importing it takes no longer than importing skim and what skim needs",
        "import what is slow inside the hook that needs it",
    ),
    Rule(
        "SK104",
        Level.BRONZE,
        "its hooks are hooks, with the arguments and types that are specified",
        "correct the function that is named",
    ),
    Rule(
        "SK105",
        Level.BRONZE,
        "its settings are frozen, refuse unknown keys, and are valid as they come",
        "set model_config = ConfigDict(frozen=True, extra='forbid') and give sound defaults",
    ),
    Rule(
        "SK106",
        Level.BRONZE,
        "its graph fits full days, half days and those of daylight saving",
        "make the times hang on the open or the close alone, or leave them more room",
    ),
    Rule(
        "SK107",
        Level.BRONZE,
        "it states the version of the contract that it was written for",
        "write api_version = 1 in the module behind its entry point",
    ),
    Rule(
        "SK201",
        Level.SILVER,
        "it trades on a simulated day, so that the rules below try something",
        "give settings with which it trades on the generated market: [tool.skim.check] config",
    ),
    Rule(
        "SK202",
        Level.SILVER,
        "whole days of every kind run to their end",
        "see what failed with 'skim start_trading_day' on that date and 'skim explain'",
    ),
    Rule(
        "SK203",
        Level.SILVER,
        "every position has a working stop, at a price that protects it",
        "name a stop in each Bracket that is less than half of the price away",
    ),
    Rule(
        "SK204",
        Level.SILVER,
        "it ends the day flat, unless it says that it holds over the night",
        "exit what is held in a protective phase before the close, or set overnight = true",
    ),
    Rule(
        "SK205",
        Level.SILVER,
        "killed at any boundary and taken over, it orders nothing twice",
        "decide from the context alone, and keep nothing in the module",
    ),
    Rule(
        "SK206",
        Level.SILVER,
        "a broker that refuses, loses, doubles or delays leaves it sound",
        "give no new purpose to a decision that was made, and let a phase that raised be retried",
    ),
    Rule(
        "SK207",
        Level.SILVER,
        "orders that trade in small parts leave it sound",
        "decide by ctx.positions and ctx.orders, not by what was wished for",
    ),
    Rule(
        "SK208",
        Level.SILVER,
        "it takes the time from its context",
        "use ctx.now and ctx.clock.sleep_until",
    ),
    Rule(
        "SK209",
        Level.SILVER,
        "it reaches the broker through its context, and skim through its public faces",
        "use ctx.orders and ctx.market, and import from skim_core, its errors, events and cli alone",
    ),
    Rule(
        "SK301",
        Level.GOLD,
        "the same day is the same in another process",
        "sort what comes from a set, seed what is random, and keep nothing in the module",
    ),
    Rule(
        "SK302",
        Level.GOLD,
        "what it decides does not hang on what has not happened yet",
        "ask for data through the context alone, and remember nothing from earlier runs",
    ),
    Rule(
        "SK303",
        Level.GOLD,
        "a strict type checker finds nothing",
        "run 'mypy --strict' and annotate what it names",
    ),
    Rule(
        "SK304",
        Level.GOLD,
        "every setting says what it is, and every hook what it does",
        "give Field(description=...) with the unit, and a docstring to each hook",
    ),
)
"""Every rule, in the order in which they are tried."""

BY_NUMBER = {rule.number: rule for rule in RULES}
