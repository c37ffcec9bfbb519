"""The kernel's decisions about timers that it does not keep: it asks their owner."""

from __future__ import annotations

from pickle import loads

import pytest

from otp.kernel.effects import Ring, Send
from otp.wire.protocol import CANCEL_TIMER, READ_TIMER, TIMER_ASKED, TIMER_LEFT
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


def test_nobody_is_asked_who_is_dead_or_has_no_bell_or_asks_himself(play: Play) -> None:
    deaf = play.attach(101, bell=False)
    for owner in (9999, deaf, play.main):
        assert play.ask(CANCEL_TIMER, play.main, owner, 9) is None
