"""The kernel's decisions about threads that attach, and about parcels."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from otp.kernel import lives
from otp.kernel.effects import Discard, Effect, Expect, Launch, Remove, Send, TurnAway, Welcome
from otp.wire.codec import decode, flat
from otp.wire.protocol import ATTACH, EXITING, KNOCK, PARCELS, PROCESSES, STOP, SWEEP
from tests.unit.playing import PROGRAM, Play, news


@pytest.fixture
def play() -> Play:
    return Play()


# ---- threads that are attached


def test_a_thread_is_welcomed_with_its_number(play: Play) -> None:
    welcome, told = play.tell(ATTACH, 0, "new-1", PROGRAM, True)
    assert welcome == Welcome(play.state.last_serial, "new-1", PROGRAM)
    assert decode(told.payload) == told.to == play.state.last_serial


def test_what_is_made_by_one_who_dies_before_it_attaches_goes_with_it(play: Play) -> None:
    assert play.tell(KNOCK, 0, "new-1", 200) == [Expect(200)]
    assert play.tell(KNOCK, 0, "new-2", 200) == [Expect(200)]
    play.tell(ATTACH, 0, "new-1", 200, True)
    assert lives.gone(play.state, 200, play.now)[0] == Discard("new-2")
    assert lives.gone(play.state, 200, play.now) == []
    assert not play.state.doors


@pytest.mark.parametrize(("pipe", "os_pid"), [("../p/2", 200), ("new-1", 0)])
def test_nobody_knocks_for_another_place_or_process(play: Play, pipe: str, os_pid: int) -> None:
    with pytest.raises(ValueError, match="nobody attaches"):
        play.tell(KNOCK, 0, pipe, os_pid)


def test_a_thread_is_dead_with_its_last_words(play: Play) -> None:
    worker = play.spawn(link=True)
    assert news(play.tell(EXITING, play.main, flat("bye"), 0, 0)) == [
        ("exit", worker, play.main, "bye")
    ]


def test_a_thread_for_which_there_is_no_room_is_told_so_and_forgotten(play: Play) -> None:
    (welcome, _) = play.tell(ATTACH, 0, "new-1", PROGRAM, True)
    turned_away, _ = lives.undo(play.state, welcome, OSError(24, "raise ulimit -n"))
    assert isinstance(turned_away, TurnAway)
    assert turned_away.pipe == "new-1"
    assert decode(turned_away.payload) == ("error", 24, "raise ulimit -n")
    assert play.ask(PROCESSES, play.main) == [play.main]
    assert play.state.threads.of(PROGRAM) == [play.main]


# ---- parcels


def swept(effects: Sequence[Effect]) -> list[int]:
    """Who is told to look through what the dead has sent."""
    return [e.to for e in effects if isinstance(e, Send) and e.kind == SWEEP]


def test_those_are_told_of_a_death_to_whom_the_dead_has_sent_parcels(play: Play) -> None:
    dead, receiver, other, gone = (play.spawn() for _ in range(4))
    for to in (receiver, receiver, gone, 9999):
        assert play.tell(PARCELS, dead, to) == []
    play.tell(PARCELS, other, receiver)
    play.leave(gone)
    effects = play.leave(dead)
    assert effects[0] == Remove(dead)
    assert swept(effects) == [receiver]
    assert swept(play.leave(other)) == [receiver]
    assert swept(play.leave(receiver)) == []


def test_a_node_that_ends_sweeps_nothing(play: Play) -> None:
    one, other = play.spawn(), play.spawn()
    play.tell(PARCELS, one, other)
    play.tell(STOP, play.main)
    effects = play.leave(one)
    assert Remove(one, parcels=False) in effects
    assert swept(effects) == []


def test_what_is_to_run_is_found_where_the_new_process_finds_it(play: Play) -> None:
    (launch,) = play.order(play.main, work=b"n0/2/1", in_parcel=True)
    assert isinstance(launch, Launch)
    assert launch.work == b"n0/2/1"
    _, _, order = decode(launch.order)
    assert order["work"] == f"n{launch.serial}/0/0".encode()
    with pytest.raises(ValueError, match="no parcel"):
        play.order(play.main, work=b"../..", in_parcel=True)
