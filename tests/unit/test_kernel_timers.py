"""The kernel's decisions about timers: those it keeps, and those it asks their owner about."""

from __future__ import annotations

from pickle import loads
from typing import Any

import pytest

from otp.kernel.effects import Ring, Send
from otp.kernel.questions import GRACE
from otp.kernel.state import next_deadline
from otp.wire.protocol import (
    CANCEL_TIMER,
    MESSAGE,
    READ_TIMER,
    START_TIMER,
    TIMER_ASKED,
    TIMER_LEFT,
)
from tests.unit.playing import Play, answers


@pytest.fixture
def play() -> Play:
    return Play()


@pytest.mark.parametrize(("kind", "cancels"), [(CANCEL_TIMER, True), (READ_TIMER, False)])
def test_the_owner_is_asked_and_its_answer_passed_on(play: Play, kind: int, cancels: bool) -> None:
    owner = play.spawn()
    asked, bell = play.tell(kind, play.main, owner, 9, ref=5)
    assert isinstance(asked, Send)
    assert (asked.to, asked.kind, asked.sender, asked.ref) == (owner, TIMER_ASKED, play.main, 5)
    assert loads(asked.payload) == (9, cancels)
    assert bell == Ring(owner)
    (answer,) = answers(play.tell(TIMER_LEFT, owner, play.main, 5, 12.5))
    assert (answer.to, answer.ref, loads(answer.payload)) == (play.main, 5, 12.5)


def test_an_answer_that_nobody_waits_for_is_nothing(play: Play) -> None:
    owner = play.spawn()
    play.tell(CANCEL_TIMER, play.main, owner, 9, ref=5)
    assert play.tell(TIMER_LEFT, owner, play.main, 6, 12.5) == []
    assert len(play.tell(TIMER_LEFT, owner, play.main, 5, None)) == 1
    assert play.tell(TIMER_LEFT, owner, play.main, 5, None) == []
    assert play.tell(TIMER_LEFT, 9999, play.main, 5, None) == []


def test_an_owner_that_dies_has_answered(play: Play) -> None:
    owner = play.spawn()
    play.tell(CANCEL_TIMER, play.main, owner, 9, ref=5)
    (answer,) = answers(play.leave(owner))
    assert (answer.to, answer.ref, loads(answer.payload)) == (play.main, 5, None)


@pytest.mark.parametrize("kind", [CANCEL_TIMER, READ_TIMER])
def test_an_owner_that_does_not_react_has_no_such_timer(play: Play, kind: int) -> None:
    """It is stopped, or in C code for long."""
    owner = play.spawn()
    play.tell(kind, play.main, owner, 9, ref=5)
    assert next_deadline(play.state) == GRACE
    assert play.tick(GRACE * 0.9) == []
    (answer,) = answers(play.tick(GRACE))
    assert (answer.to, answer.ref, loads(answer.payload)) == (play.main, 5, None)
    assert next_deadline(play.state) is None
    assert play.tell(TIMER_LEFT, owner, play.main, 5, 12.5) == []
    assert answers(play.leave(owner)) == []


def test_what_is_cancelled_is_forgotten_with_its_destination(play: Play) -> None:
    serial = play.spawn()
    for tag in range(3):
        play.tell(START_TIMER, play.main, tag, 3600.0, (MESSAGE, serial, b"never"))
        assert play.ask(CANCEL_TIMER, play.main, play.main, tag) == 3600.0
    assert not play.state.timers_to


@pytest.mark.parametrize(
    ("when", "kind", "message"),
    [(float("nan"), MESSAGE, b"x"), ("1", MESSAGE, b"x"), (1.0, 999, b"x"), (1.0, MESSAGE, "x")],
)
def test_what_is_no_timer_is_refused(play: Play, when: Any, kind: int, message: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        play.tell(START_TIMER, play.main, 1, when, (kind, play.main, message))
    assert next_deadline(play.state) is None


def test_nobody_is_asked_who_is_dead_or_has_no_bell_or_asks_himself(play: Play) -> None:
    deaf = play.attach(101, bell=False)
    for owner in (9999, deaf, play.main):
        assert play.ask(CANCEL_TIMER, play.main, owner, 9) is None


# ---- those it keeps: rule 3 at the head of `otp.kernel.table`


def timer(play: Play, to: int | str, when: float, tag: int = 1) -> None:
    play.tell(START_TIMER, play.main, tag, when, (MESSAGE, to, b"tick"))


def test_a_timer_sends_when_it_is_due(play: Play) -> None:
    serial = play.spawn()
    timer(play, serial, 10.0)
    assert play.ask(READ_TIMER, play.main, play.main, 1) == 10.0
    assert play.tick(9.9) == []
    assert play.tick(10.0) == [Send(serial, MESSAGE, play.main, 1, b"tick")]
    assert play.ask(CANCEL_TIMER, play.main, play.main, 1) is None


def test_a_timer_is_dropped_with_its_destination(play: Play) -> None:
    serial = play.spawn()
    timer(play, serial, 10.0)
    play.leave(serial)
    assert play.ask(READ_TIMER, play.main, play.main, 1) is None
    assert not len(play.state.timers)
    assert not play.state.timers_to


def test_a_timer_outlives_who_started_it(play: Play) -> None:
    owner, dest = play.spawn(), play.spawn()
    play.tell(START_TIMER, owner, 1, 10.0, (MESSAGE, dest, b"tick"))
    play.leave(owner)
    assert play.tick(10.0) == [Send(dest, MESSAGE, owner, 1, b"tick")]


def test_the_name_in_a_timer_is_looked_up_when_it_is_due(play: Play) -> None:
    timer(play, "kv", 10.0, tag=1)
    timer(play, "kv", 20.0, tag=2)
    assert play.tick(10.0) == []
    serial = play.spawn(name="kv")
    assert play.tick(20.0) == [Send(serial, MESSAGE, play.main, 2, b"tick")]


def test_a_timer_to_the_dead_is_not_started(play: Play) -> None:
    timer(play, 9999, 10.0)
    assert not len(play.state.timers)
    assert not play.state.timers_to
