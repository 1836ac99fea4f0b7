"""Messages with any values, made from their own tables."""

from __future__ import annotations

from hypothesis import strategies as st
from skim_gateway.wire.contracts import Contract, TagValue
from skim_gateway.wire.layout import Record, layout_of
from skim_gateway.wire.orders import Order, OrderState
from skim_gateway.wire.slots import Counted

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
INTEGER = st.integers(-1, 2_000_000)
NUMBER = st.decimals(-10_000, 10_000, places=3)

BY_NAME = {
    "text": TEXT,
    "integer": INTEGER,
    "flag": st.booleans(),
    "number": NUMBER,
    "integer or ''": st.none() | INTEGER,
    "number or ''": st.none() | NUMBER,
    "integer or its largest": st.none() | INTEGER,
    "number or its largest": st.none() | NUMBER,
    "number or 0": NUMBER,
    "price or 0.0": NUMBER,
}

FIELDS = {
    "order_type": st.sampled_from(["MKT", "LMT", "STP", "STP LMT", "PEG BENCH", "TRAIL"]),
    "sec_type": st.sampled_from(["STK", "BAG", "OPT"]),
    "has_delta_neutral": st.just(0),
    "order.conditions": st.lists(
        st.sampled_from(
            [("1", "a", "1", "7.5", "12", "ASX", "0"), ("3", "o", "1", "20250415 10:00:00")]
        ),
        max_size=2,
    ).map(tuple),
    "order.algo_params": st.lists(st.builds(TagValue, tag=TEXT, value=TEXT), max_size=2).map(tuple),
}


def _of(kind, version):
    if isinstance(kind, Counted):
        return st.lists(_of(kind.kind, version), max_size=2).map(tuple)
    if isinstance(kind, Record):
        slots = layout_of(kind.of, kind.fields).at(version)
        return st.builds(kind.of, **{slot.path: _field(slot, version) for slot in slots})
    return BY_NAME[kind.scalar.name]


def _field(slot, version):
    for key in (slot.path, slot.path.rpartition(".")[2]):
        if key in FIELDS:
            return FIELDS[key]
    return _of(slot.kind, version)


PARTS = {"contract": Contract, "order": Order, "state": OrderState}


@st.composite
def messages_of(draw, cls, version):
    """Draw a message of `cls` that says only what it can say in `version`."""
    values = {}
    for slot in cls.LAYOUT.at(version):
        if not slot.path or (slot.when and not slot.when.test(values.get(slot.when.path))):
            continue
        values[slot.path] = draw(_field(slot, version))
    own = {path: value for path, value in values.items() if "." not in path}
    parts = {}
    for path, value in values.items():
        owner, dot, name = path.partition(".")
        if dot:
            parts.setdefault(owner, {})[name] = value
    for owner, fields in parts.items():
        own[owner] = PARTS[owner](**fields)
    return cls(**own)
