"""The kernel's decisions about signals: exits, links, monitors, full pipes, what is no request."""

from __future__ import annotations

import struct
from pickle import UnpicklingError, dumps
from typing import Any

import pytest

from otp.kernel import state as kernel
from otp.kernel.effects import Confirm, Forward, Hold, Ring, Send
from otp.kernel.signals import GRACE
from otp.kernel.state import next_deadline
from otp.wire.codec import decode, flat
from otp.wire.frame import CorruptFrame, pack
from otp.wire.protocol import (
    ATTACH,
    DELIVER,
    DEMONITOR,
    EXITING,
    FORKED,
    INFO,
    IS_ALIVE,
    KERNEL,
    KILL,
    KNOCK,
    LAUNCHER,
    LINK,
    MESSAGE,
    MONITOR,
    PROCESSES,
    REAPED,
    REGISTER,
    RING,
    SIGNAL,
    SPAWN,
    START_TIMER,
    SURVIVED,
    UNLINK,
    UNREGISTER,
    WARMED,
)
from tests.unit.playing import ORDER, PROGRAM, Play, answers, news


@pytest.fixture
def play() -> Play:
    return Play()


def test_an_exit_signal_rings_the_bell_but_a_normal_one_can_wait(play: Play) -> None:
    serial = play.spawn()
    loud = play.tell(SIGNAL, play.main, serial, flat("boom"), False, 1)
    assert [(type(e), e.to) for e in loud[:2]] == [(Send, serial), (Ring, serial)]
    quiet = play.tell(SIGNAL, play.main, serial, flat("normal"), False, 2)
    assert [type(effect) for effect in quiet] == [Send, Confirm]
    assert quiet[1] == loud[2] == Confirm(serial, play.main, 0)


def test_who_is_not_forked_yet_hears_the_bell_when_it_is(play: Play) -> None:
    """It may run, and be busy, before its launcher comes to tell of it."""
    serial = play.launch()
    play.tell(SIGNAL, play.main, serial, flat("boom"), False, 1)
    assert play.fork(serial) == [Hold(serial, 1000 + serial), Ring(serial)]


def test_a_thread_only_hears_of_the_kill_signal(play: Play) -> None:
    assert play.tell(SIGNAL, 9, play.main, flat("kill"), True, 4)[:2] == [
        Send(play.main, KILL, 9, 4), Ring(play.main),
    ]  # fmt: skip


def test_a_signal_to_the_dead_is_answered_all_the_same(play: Play) -> None:
    assert play.ask(SIGNAL, play.main, 9999, flat("boom"), False, 1) is True


def test_is_alive_takes_the_askers_own_signals_into_account(play: Play) -> None:
    serial, other = play.spawn(), play.spawn()
    assert play.ask(IS_ALIVE, play.main, serial) is True
    play.tell(SIGNAL, play.main, serial, flat("boom"), False, 1)
    assert play.ask(IS_ALIVE, other, serial) is True
    assert play.tell(IS_ALIVE, play.main, serial, ref=5) == []
    (answer,) = answers(play.tell(SURVIVED, serial, play.main, 1))
    assert (answer.to, answer.ref, decode(answer.payload)) == (play.main, 5, True)


@pytest.mark.parametrize("news_of_its_end", ["last words", "reaped"])
def test_is_alive_is_answered_by_an_end_too(play: Play, news_of_its_end: str) -> None:
    serial = play.spawn()
    play.tell(SIGNAL, play.main, serial, flat("boom"), False, 1)
    play.tell(IS_ALIVE, play.main, serial, ref=5)
    says = news_of_its_end == "last words"
    effects = play.tell(EXITING, serial, flat("x"), 0, 0) if says else play.reap(serial, -9)
    assert [decode(answer.payload) for answer in answers(effects)] == [False]


def test_is_alive_waits_for_nobody_for_long(play: Play) -> None:
    """It is stopped, and hears its exit signal in an hour; it is alive until then."""
    serial = play.spawn()
    play.tell(SIGNAL, play.main, serial, flat("boom"), False, 1)
    play.tell(IS_ALIVE, play.main, serial, ref=5)
    assert play.tick(GRACE * 0.9) == []
    assert next_deadline(play.state) == GRACE
    (answer,) = answers(play.tick(GRACE))
    assert (answer.to, answer.ref, decode(answer.payload)) == (play.main, 5, True)
    assert next_deadline(play.state) is None
    assert answers(play.tell(EXITING, serial, flat("boom"), play.main, 1)) == []


def test_one_that_is_not_forked_yet_has_that_time_when_it_is(play: Play) -> None:
    serial = play.launch()
    play.tell(SIGNAL, play.main, serial, flat("boom"), False, 1)
    play.tell(IS_ALIVE, play.main, serial, ref=5)
    assert answers(play.tick(GRACE)) == []
    play.fork(serial)
    assert answers(play.tick(1.9 * GRACE)) == []
    assert [decode(answer.payload) for answer in answers(play.tick(2 * GRACE))] == [True]


def test_nobody_waits_for_a_thread_to_hear_of_its_end(play: Play) -> None:
    worker = play.spawn()
    play.tell(SIGNAL, worker, play.main, flat("boom"), False, 1)
    assert play.ask(IS_ALIVE, worker, play.main) is True


def test_after_an_unlink_is_answered_no_exit_comes(play: Play) -> None:
    serial = play.spawn(link=True)
    assert play.ask(UNLINK, play.main, serial) is True
    assert news(play.leave(serial, "boom")) == []


def test_after_a_demonitor_no_down_comes(play: Play) -> None:
    serial = play.spawn(monitor=3)
    play.tell(DEMONITOR, play.main, 3)
    assert news(play.leave(serial)) == []


def test_a_monitor_by_name_is_bound_to_who_has_it_now(play: Play) -> None:
    one = play.spawn(name="kv")
    play.tell(MONITOR, play.main, 3, "kv")
    play.tell(UNREGISTER, play.main, "kv", ref=1)
    other = play.spawn(name="kv")
    assert news(play.leave(other)) == []
    assert news(play.leave(one, "boom")) == [("down", play.main, one, "boom")]


def test_a_monitor_on_nobody_fires_at_once_and_one_on_oneself_never(play: Play) -> None:
    assert news(play.tell(MONITOR, play.main, 3, 9999)) == [("down", play.main, 9999, "noproc")]
    assert news(play.tell(MONITOR, play.main, 4, "free")) == [("down", play.main, 0, "noproc")]
    assert play.tell(MONITOR, play.main, 5, play.main) == []
    assert play.state.graph.watchers(play.main) == []


# ---- full pipes


def test_a_bell_is_rung_for_who_has_one(play: Play) -> None:
    worker, thread, unborn = play.spawn(), play.attach(PROGRAM, bell=False), play.launch()
    said = {}
    for target in (worker, thread, unborn, 9999):
        effects = play.raw(RING, play.main, target.to_bytes(4, "little"), ref=1)
        said[target] = (decode(answers(effects)[0].payload), Ring(target) in effects)
    assert said == {
        worker: ("rung", True), thread: ("deaf", False), unborn: ("deaf", False),
        9999: ("dead", False),
    }  # fmt: skip


def test_a_frame_that_found_no_room_is_carried(play: Play) -> None:
    worker = play.spawn()
    frame, to = pack(MESSAGE, play.main, 0, b"x"), worker.to_bytes(4, "little")
    assert play.raw(DELIVER, play.main, to + frame, ref=1) == [Forward(worker, frame, play.main, 1)]


@pytest.mark.parametrize("frame", [b"", b"text", pack(MESSAGE, 2, 0)[:-1], pack(MESSAGE, 2, 0) * 2])
def test_what_is_no_frame_is_carried_to_nobody(play: Play, frame: bytes) -> None:
    with pytest.raises((ValueError, CorruptFrame)):
        play.raw(DELIVER, play.main, play.spawn().to_bytes(4, "little") + frame)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (99, b""), (LINK, b"no pickle"), (LINK, dumps(())), (LINK, dumps((print,))), (RING, b"x"),
        (LINK, dumps(("kv",))), (LINK, dumps((2, 3))), (LINK, dumps([2])), (INFO, dumps(([],))),
        (REGISTER, dumps((5, 2))), (EXITING, dumps(("reason", 0, 0))),
        (SIGNAL, dumps((2, "reason", False, 1))), (MONITOR, dumps(("tag", 9))),
        (ATTACH, dumps(("new-1", "100", True))), (ATTACH, dumps(("../p/0", 100, True))),
        (SPAWN, dumps(({"name": None},))), (SPAWN, dumps(({**ORDER, "patience": "x"},))),
        (SPAWN, dumps(({**ORDER, "patience": float("nan")},))),
        (SPAWN, dumps(({**ORDER, "patience": 2**2000},))),
        (SPAWN, dumps(({**ORDER, "patience": -1.0},))),
        (SPAWN, dumps(({**ORDER, "in_parcel": True, "work": b"n5/2/1"},))),
        (ATTACH, dumps(("3", 100, True))), (ATTACH, dumps(("..", 100, True))),
        (ATTACH, dumps(("new\0", 100, True))), (ATTACH, dumps(("new-1", 2**40, True))),
        (KNOCK, dumps(("0", 100))), (KNOCK, dumps(("new-1", 2**31))),
        (START_TIMER, dumps((1, 1.0, (MESSAGE, [], b"")))),
        (START_TIMER, dumps((1, 1.0, (MESSAGE, None, b"")))),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_and_changes_nothing(play: Play, kind, payload) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, UnpicklingError, struct.error)):
        play.raw(kind, play.main, payload)
    assert play.ask(PROCESSES, play.main) == [play.main]
    assert (play.state.timers.items, play.state.doors) == ({}, {})


def test_a_refusal_is_short_whatever_was_asked(play: Play) -> None:
    with pytest.raises(TypeError) as caught:
        play.tell(LINK, play.main, "x" * 1_000_000)
    assert len(str(caught.value)) < 1000
    [refusal] = kernel.refuse((LINK, play.main, 7, b""), ValueError("x" * 1_000_000))
    assert len(refusal.payload) < 2000


def test_a_generation_that_names_no_modules_changes_nothing(play: Play) -> None:
    with pytest.raises(TypeError):
        play.tell(WARMED, LAUNCHER, [[]], [], True)
    assert not play.state.warmth.warm


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [(FORKED, (3, 0, b"reason")), (FORKED, (3, 999, b"")), (REAPED, (1003, -9)),
     (WARMED, (["shop"], [], True))],
)  # fmt: skip
def test_what_a_launcher_says_no_other_can_say(play: Play, kind: int, arguments: Any) -> None:
    serial = play.spawn()
    assert serial == 3
    for sender in (play.main, serial, 9999):
        with pytest.raises(ValueError, match="is no launcher"):
            play.tell(kind, sender, *arguments)
    assert play.ask(PROCESSES, play.main) == [play.main, serial]
    assert play.state.warmth.current == LAUNCHER
    assert not play.state.warmth.warm


def test_the_kernel_and_its_launchers_are_no_processes(play: Play) -> None:
    for serial in (KERNEL, LAUNCHER):
        target = serial.to_bytes(4, "little")
        for kind in (RING, DELIVER):
            (answer,) = play.raw(
                kind, play.main, target + pack(MESSAGE, 2, 0) * (kind == DELIVER), ref=1
            )
            assert decode(answer.payload) == "dead"
        play.tell(SIGNAL, play.main, serial, flat("kill"), True, 1)
        assert play.ask(INFO, play.main, serial) is None
