"""What people tell running days: halts, resumes, and what became of an unknown order.

Controls are kept by the journal in one sequence of their own, beside the days; a running
day takes them over into its own record as events.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from skim_core.model.base import Model, Name, Price, Quantity, UtcDatetime
from skim_core.model.orders import Reference


class _Control(Model):
    at: UtcDatetime
    account: str
    by: str
    why: str = ""


class Halt(_Control):
    """Send no entries: for one strategy, or (None) for the whole account.

    `flatten`: sell what is held as well.
    """

    kind: Literal["halt"] = "halt"
    strategy: Name | None = None
    flatten: bool = False


class Resume(_Control):
    """Take a halt back: one strategy's, or (None) the account's and every strategy's."""

    kind: Literal["resume"] = "resume"
    strategy: Name | None = None


class Resolution(_Control):
    """What became of an unknown order, as a person found out.

    With the outcome ``filled``: `quantity` shares at `price` on average in quote currency.
    """

    kind: Literal["resolution"] = "resolution"
    run_id: str
    reference: Reference
    outcome: Literal["filled", "cancelled", "absent", "working"]
    quantity: Quantity | None = None
    price: Price | None = None


Control: TypeAlias = Halt | Resume | Resolution
"""Any control; `kind` tells which."""

_ADAPTER: TypeAdapter[Control] = TypeAdapter(Annotated[Control, Field(discriminator="kind")])


def control_to_json(control: Control) -> str:
    """Write a control as one line of JSON that `control_from_json` reads back unchanged."""
    return control.model_dump_json()


def control_from_json(text: str | bytes) -> Control:
    """Read a control. Raises pydantic.ValidationError for anything that is not one."""
    return _ADAPTER.validate_json(text)
