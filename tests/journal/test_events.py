"""The events that tests of stores draw."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skim_core.model.events import EVENTS, event_from_json, event_to_json
from skim_core.testing.events import events


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_events_of_every_type_are_drawn_and_survive_the_trip_through_json(kind):
    @settings(max_examples=15)
    @given(events(kind))
    def survives(event):
        assert type(event) is kind
        again = event_from_json(event_to_json(event))
        assert again == event
        assert event_to_json(again) == event_to_json(event)

    survives()


@given(st.data())
def test_without_a_type_any_may_come(data):
    assert type(data.draw(events())) in EVENTS
