"""Whether a process lives on, once it has heard what it has been sent: asked before it has."""

from __future__ import annotations

import pytest

from otp.kernel.signals import GRACE
from otp.wire.codec import decode, flat
from otp.wire.protocol import EXITING, SIGNAL, SURVIVED, SURVIVES
from tests.unit.playing import Play, answers


@pytest.fixture
def play() -> Play:
    return Play()


def bereaved(play: Play, reason: str = "boom") -> tuple[int, int]:
    """A process whose parent, linked to it, has just died; and that parent."""
    parent = play.spawn()
    child = play.spawn(parent, link=True)
    play.leave(parent, reason)
    return child, parent


def asked(play: Play, target: int) -> list[bool]:
    return [decode(told.payload) for told in answers(play.tell(SURVIVES, play.main, target, ref=7))]


def test_who_has_nothing_to_hear_lives_and_the_dead_do_not(play: Play) -> None:
    worker = play.spawn()
    assert asked(play, worker) == [True]
    play.leave(worker)
    assert asked(play, worker) == [False]


def test_a_normal_end_is_nothing_to_survive(play: Play) -> None:
    child, _ = bereaved(play, "normal")
    assert asked(play, child) == [True]


def test_who_traps_the_death_of_its_parent_lives(play: Play) -> None:
    child, parent = bereaved(play)
    assert asked(play, child) == []
    (told,) = answers(play.tell(SURVIVED, child, parent, 0))
    assert (told.to, told.ref, decode(told.payload)) == (play.main, 7, True)
    assert asked(play, child) == [True]


def test_it_must_have_heard_all_of_it(play: Play) -> None:
    child, parent = bereaved(play)
    play.tell(SIGNAL, play.main, child, flat("and this"), False, 1)
    assert asked(play, child) == []
    assert answers(play.tell(SURVIVED, child, parent, 0)) == []
    (told,) = answers(play.tell(SURVIVED, child, play.main, 1))
    assert decode(told.payload) is True


def test_who_dies_of_it_does_not(play: Play) -> None:
    child, _ = bereaved(play)
    assert asked(play, child) == []
    (told,) = answers(play.tell(EXITING, child, flat("boom"), 0, 0))
    assert decode(told.payload) is False
    assert asked(play, child) == [False]


def test_who_is_killed_before_it_hears_does_not(play: Play) -> None:
    child, _ = bereaved(play)
    assert asked(play, child) == []
    told = [one for one in answers(play.reap(child, -9)) if one.ref == 7]
    assert [decode(one.payload) for one in told] == [False]


def test_nobody_waits_for_who_does_not_react_or_for_a_thread(play: Play) -> None:
    child, _ = bereaved(play)
    assert asked(play, child) == []
    (told,) = answers(play.tick(GRACE))
    assert decode(told.payload) is True
    thread = play.attach(555)
    play.tell(SIGNAL, play.main, thread, flat("boom"), False, 1)
    assert asked(play, thread) == [True]
