"""A phase of a strategy's day, and the policy that says when and how it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from skim_core.errors import GraphError, nearest
from skim_core.model.base import Model, Name
from skim_core.model.session import Session
from skim_core.model.times import Anchor, Duration, PositiveDuration, SessionTime


class OnFailure(StrEnum):
    """What the failure of a phase means for the phases after it."""

    STOP = "stop"
    """All phases downstream are skipped and the day ends failed."""
    CONTINUE = "continue"
    """A warning; the phases downstream run as if this one had completed."""


class Retry(Model):
    """How often and how soon a failed phase is tried again.

    `attempts` counts the first one too. The wait before attempt *n* + 1 is `backoff`
    times `factor` to the power *n* - 1, at most `longest`, spread by up to `jitter`
    (a fraction) either way.
    """

    attempts: Annotated[int, Field(ge=1, le=100)] = 1
    backoff: Duration = timedelta(seconds=1)
    factor: Annotated[float, Field(ge=1, le=10)] = 2.0
    longest: PositiveDuration = timedelta(minutes=5)
    jitter: Annotated[float, Field(ge=0, le=0.5)] = 0.1

    def __init__(
        self,
        *,
        attempts: int = 1,
        backoff: str | timedelta = timedelta(seconds=1),
        factor: float = 2.0,
        longest: str | timedelta = timedelta(minutes=5),
        jitter: float = 0.1,
        **unknown: object,
    ) -> None:
        BaseModel.__init__(
            self,
            attempts=attempts,
            backoff=backoff,
            factor=factor,
            longest=longest,
            jitter=jitter,
            **unknown,
        )

    def wait(self, attempt: int, spread: float) -> timedelta:
        """Return how long to wait after failed attempt `attempt` (1 for the first).

        `spread`, from -1 to 1, is where in the jitter this wait falls.
        """
        steps = min(attempt - 1, 64)
        wait = min(self.backoff.total_seconds() * self.factor**steps, self.longest.total_seconds())
        return timedelta(seconds=round(wait * (1 + self.jitter * spread), 3))


class Match(StrEnum):
    """Which candidates of a phase and of the scanners beside it count."""

    ANY = "any"
    """Those that any of them found."""
    ALL = "all"
    """Those that all of them found."""


class Shared(Model):
    """A phase that several strategies have in common: it runs once for all of them.

    Two phases are the same work when their `key` is the same, and so are the values
    of the configuration fields named in `settings`, and the scanners and filters.
    """

    key: Name
    settings: tuple[str, ...] = ()


class Phase(Model):
    """One named step of a strategy's day, with its policy.

    A phase runs **once** (at or after `at`, not started later than `deadline`) or, with
    `every`, **repeatedly** inside the window `between` (its start included, its end not;
    the whole session when not given).

    `after`: the phases that must have ended first, a name or several.
    `hook`: the hook that does the work; `skim_<name>` when not given.
    `timeout`: an attempt or a tick is cancelled after this long.
    `retry`: for a phase that runs once; a repeating one is tried again at its next tick.
    `give_up_after`: how many failures in a row make a repeating phase failed; never
    when None. `protective`: guards open positions, so nothing that fails elsewhere
    stops it, and by default it never gives up; it depends on no phase.
    `scanners`, `filters`: extensions' scanners that look beside a phase that finds candidates,
    and filters that all these pass; `match` says whether one of them is enough.

    Raises GraphError naming the phase, the field and the mend.
    """

    name: Name
    after: tuple[Name, ...] = ()
    hook: Annotated[str, Field(pattern=r"^skim_[a-z0-9_]+$")] = ""
    at: SessionTime | None = None
    deadline: SessionTime | None = None
    every: PositiveDuration | None = None
    between: tuple[SessionTime, SessionTime] | None = None
    retry: Retry = Retry()
    timeout: PositiveDuration = timedelta(minutes=1)
    on_failure: OnFailure = OnFailure.STOP
    give_up_after: Annotated[int, Field(ge=1)] | None = None
    protective: bool = False
    shared: Shared | None = None
    scanners: tuple[Name, ...] = ()
    filters: tuple[Name, ...] = ()
    match: Match = Match.ANY

    def __init__(
        self,
        name: str,
        *,
        after: str | Sequence[str] = (),
        hook: str | None = None,
        at: str | SessionTime | None = None,
        deadline: str | SessionTime | None = None,
        every: str | timedelta | None = None,
        between: tuple[str | SessionTime, str | SessionTime] | None = None,
        retry: Retry | Mapping[str, Any] | None = None,
        timeout: str | timedelta = timedelta(minutes=1),
        on_failure: str | OnFailure = OnFailure.STOP,
        give_up_after: int | None = None,
        protective: bool = False,
        shared: str | Shared | Mapping[str, Any] | None = None,
        scanners: Sequence[str] = (),
        filters: Sequence[str] = (),
        match: str | Match = Match.ANY,
        **unknown: object,
    ) -> None:
        if unknown:
            field = next(iter(unknown))
            hint = nearest(field, type(self).model_fields)
            msg = (
                f"phase {name!r} has no policy field {field!r}{hint}: "
                f"it takes {', '.join(type(self).model_fields)}."
            )
            raise GraphError(msg)
        if every is not None and give_up_after is None and not protective:
            give_up_after = 3
        try:
            BaseModel.__init__(
                self,
                name=name,
                after=_names(after),
                hook=hook or f"skim_{name}",
                at=at,
                deadline=deadline,
                every=every,
                between=between,
                retry=Retry() if retry is None else retry,
                timeout=timeout,
                on_failure=on_failure,
                give_up_after=give_up_after,
                protective=protective,
                shared={"key": shared} if isinstance(shared, str) else shared,
                scanners=_names(scanners),
                filters=_names(filters),
                match=match,
            )
        except ValidationError as error:
            raise GraphError(_explain(name, error)) from error

    @field_validator("between", mode="before")
    @classmethod
    def _default_window(cls, value: Any) -> Any:
        if isinstance(value, str):
            msg = "write the window's start and end, as in ('open+15m', 'close-10m')"
            raise ValueError(msg)  # noqa: TRY004  pydantic wants a ValueError
        return value

    @model_validator(mode="after")
    def _policy_fits_together(self) -> Self:
        for unsound, mend in (
            (self.name in self.after, "it can't come after itself: remove it from 'after'"),
            (len(set(self.after)) != len(self.after), "'after' names a phase twice: name it once"),
            (
                self.every is not None and self.at is not None,
                "a repeating phase has a window: use between=('open', 'close') instead of 'at'",
            ),
            (
                self.every is not None and self.deadline is not None,
                "a repeating phase has a window: use the end of 'between' instead of 'deadline'",
            ),
            (
                self.every is None and self.between is not None,
                "'between' is the window of a repeating phase: add every='1m', "
                "or use 'at' and 'deadline'",
            ),
            (
                self.every is not None and self.retry.attempts > 1,
                "a repeating phase is tried again at its next tick: "
                "use 'give_up_after' instead of 'retry'",
            ),
            (
                self.every is None and self.give_up_after is not None,
                "'give_up_after' counts the failed ticks of a repeating phase: "
                "use retry=Retry(attempts=...)",
            ),
            (
                self.every is not None and self.shared is not None,
                "a shared phase runs once: remove 'every' or 'shared'",
            ),
            (
                self.match is Match.ALL and not self.scanners,
                "match='all' asks for scanners beside the phase: name them in 'scanners'",
            ),
            (
                len(set(self.scanners)) != len(self.scanners)
                or len(set(self.filters)) != len(self.filters),
                "'scanners' or 'filters' names one twice: name it once",
            ),
            (
                self.protective and bool(self.after),
                "a protective phase must not wait for others: remove 'after'",
            ),
            (
                self.protective and self.every is None,
                "a protective phase keeps watch: give it every='1m'",
            ),
        ):
            if unsound:
                raise ValueError(mend)
        return self

    @model_validator(mode="after")
    def _window_opens(self) -> Self:
        for start, end, names in (
            (self.at, self.deadline, "'at' and 'deadline'"),
            (*(self.between or (None, None)), "'between'"),
        ):
            if start and end and start.anchor is end.anchor and start.offset >= end.offset:
                msg = (
                    f"its window never opens, {names} run from {start} to {end}: "
                    "put the end after the start"
                )
                raise ValueError(msg)
        return self

    @property
    def joins(self) -> bool:
        """Whether extensions have their say on what the phase finds."""
        return bool(self.scanners or self.filters)

    @property
    def repeats(self) -> bool:
        """Whether the phase runs at every tick of a window."""
        return self.every is not None

    def window(self, session: Session) -> tuple[datetime | None, datetime | None]:
        """Return the first instant at which the phase may start, and the first at which no more.

        None means no bound. For a repeating phase both are always given.
        """
        if self.every is not None:
            start, end = self.between or (
                SessionTime(anchor=Anchor.OPEN),
                SessionTime(anchor=Anchor.CLOSE),
            )
            return start.resolve(session), end.resolve(session)
        return (
            self.at.resolve(session) if self.at else None,
            self.deadline.resolve(session) if self.deadline else None,
        )

    def ticks(self, session: Session) -> list[datetime]:
        """Return every instant at which a repeating phase is due in `session`."""
        start, end = self.window(session)
        if self.every is None or start is None or end is None:
            return []
        count = max(0, -((start - end) // self.every))
        return [start + index * self.every for index in range(count)]


def _names(value: Any) -> Any:
    """Return one name or several as a tuple; what is neither is left to be refused."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, Sequence) else value


_MOMENT = "a moment of the session, such as 'open+5m' or 'close-10m'"
_DURATION = "a duration, such as '90s' or '1h30m'"

_FORMS = {
    "name": "lower-case letters, digits and underscores",
    "after": "a phase's name, or a list of names",
    "hook": "a hook's name, such as 'skim_scan'",
    "at": _MOMENT,
    "deadline": _MOMENT,
    "every": _DURATION,
    "between": "the window's start and end, such as ['open+15m', 'close-10m']",
    "retry": "a table, such as { attempts = 3, backoff = '5s' }",
    "timeout": _DURATION,
    "on_failure": "'stop' or 'continue'",
    "give_up_after": "a whole number from 1",
    "protective": "true or false",
    "shared": "a key such as 'gap_scan', or a table such as { key = 'gap_scan', settings = [] }; "
    "'none' in a configuration for not shared",
    "scanners": "a scanner's name, or a list of names",
    "filters": "a filter's name, or a list of names",
    "match": "'any' or 'all'",
}
"""How each field is written; the field whose form is known says it better than pydantic."""

_NESTED: Mapping[str, type[BaseModel]] = {"retry": Retry, "shared": Shared}


def _explain(name: object, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    why = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if not path:
        return f"phase {name!r}: {why}."
    field, value = ".".join(path), first["input"]
    found = "" if "found" in why or repr(value) in why else f" (found {value!r})"
    if first["type"] == "value_error":
        return f"phase {name!r} {field}: {why}{found}."
    nested = _NESTED.get(path[0]) if len(path) > 1 else None
    if nested is None:
        field = path[0] if first["type"] == "missing" else field
        return f"phase {name!r} {field}: must be {_FORMS[path[0]]}, found {value!r}."
    known = list(nested.model_fields)
    if first["type"] == "extra_forbidden":
        hint = nearest(path[-1], known)
        takes = f"{path[0]} takes {', '.join(known)}"
        return f"phase {name!r} {field}: there is no such field{hint}: {takes}."
    if first["type"] == "missing":
        return f"phase {name!r} {field}: it is missing: {path[0]} is {_FORMS[path[0]]}."
    return f"phase {name!r} {field}: {why}{found}."
