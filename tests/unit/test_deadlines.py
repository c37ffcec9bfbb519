"""Deadlines: what is to happen when."""

from __future__ import annotations

import random
import sys

import pytest

from otp.wire.deadlines import Deadlines


def test_items_come_out_by_time_and_then_by_age() -> None:
    deadlines = Deadlines()
    for id, when in [("c", 3.0), ("a", 1.0), ("b1", 2.0), ("b2", 2.0)]:
        deadlines.add(id, when, id.upper())
    assert deadlines.due(2.0) == [("a", "A"), ("b1", "B1"), ("b2", "B2")]
    assert deadlines.due(2.0) == []
    assert deadlines.due(9.0) == [("c", "C")]


def test_nothing_is_due_before_its_time() -> None:
    deadlines = Deadlines()
    deadlines.add(1, 10.0, "x")
    assert deadlines.due(9.999) == []
    assert deadlines.due(10.0) == [(1, "x")]


def test_what_is_cancelled_is_never_due() -> None:
    deadlines = Deadlines()
    deadlines.add(1, 10.0, "x")
    deadlines.add(2, 20.0, "y")
    assert deadlines.cancel(1) == 10.0
    assert deadlines.cancel(1) is None
    assert deadlines.first() == 20.0
    assert len(deadlines) == 1
    assert deadlines.due(99.0) == [(2, "y")]
    assert deadlines.cancel(2) is None


def test_what_is_cancelled_does_not_pile_up() -> None:
    deadlines = Deadlines()
    deadlines.add("kept", 9.0, "x")
    for id in range(10_000):
        deadlines.add(id, 3600.0, "never")
        assert deadlines.cancel(id) == 3600.0
    assert len(deadlines._heap) < 100
    assert deadlines.due(9999.0) == [("kept", "x")]


@pytest.mark.parametrize("last", range(40))
def test_the_bell_may_cancel_between_any_two_lines(last: int, monkeypatch) -> None:
    """It cancels in the midst of an `add` that clears the heap of what is stale."""
    monkeypatch.setattr("otp.wire.deadlines._FEW", 0)
    deadlines, lines = Deadlines(), iter(range(last))
    for id in range(5):
        deadlines.add(id, 10.0 - id, id)
    for id in range(3):
        deadlines.cancel(id)

    def bell(frame, event, arg):
        if event == "line" and next(lines, None) is None:
            deadlines.cancel(4)
        return bell

    before = sys.gettrace()
    sys.settrace(bell)
    try:
        deadlines.add(5, 1.0, 5)
    finally:
        sys.settrace(before)
    deadlines.cancel(4)
    assert deadlines.due(99.0) == [(5, 5), (3, 3)]


def test_an_id_that_is_added_again_is_due_at_the_new_time_alone() -> None:
    deadlines = Deadlines()
    deadlines.add(1, 10.0, "old")
    deadlines.add(1, 20.0, "new")
    assert deadlines.when(1) == 20.0
    assert deadlines.due(10.0) == []
    assert deadlines.due(20.0) == [(1, "new")]


def test_an_empty_one_has_no_first() -> None:
    deadlines = Deadlines()
    assert deadlines.first() is None
    assert deadlines.when(1) is None
    deadlines.add(1, 1.0, None)
    deadlines.cancel(1)
    assert deadlines.first() is None


def test_any_mixture_agrees_with_a_sorted_list() -> None:
    chance, deadlines, model = random.Random(5), Deadlines(), {}
    for id in range(2000):
        when = chance.uniform(0, 100)
        deadlines.add(id, when, id)
        model[id] = when
        if chance.random() < 0.4:
            victim = chance.choice(list(model))
            assert deadlines.cancel(victim) == model.pop(victim)
    for now in range(0, 101, 5):
        due = [id for id, _ in deadlines.due(now)]
        assert due == sorted((id for id in model if model[id] <= now), key=model.get)
        model = {id: when for id, when in model.items() if when > now}
