"""The signals of one process to another count in the order sent: what the kernel does for that."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from otp.kernel.signals import GRACE
from otp.runtime import signalling
from otp.runtime.outbox import Outbox
from otp.terms import Pid
from otp.wire import pipe
from otp.wire.codec import flat
from otp.wire.place import Place
from otp.wire.protocol import (
    DELIVER,
    DEMONITOR,
    EXITING,
    IS_ALIVE,
    LINK,
    MESSAGE,
    MONITOR,
    SIGNAL,
    SURVIVED,
)
from tests.unit.playing import Play, killed, news

BOOM = flat("boom")


@pytest.fixture
def play() -> Play:
    return Play()


def boom(play: Play, sender: int, target: int, number: int) -> None:
    play.tell(SIGNAL, sender, target, BOOM, False, number)


def kill(play: Play, sender: int, target: int, number: int) -> list[int]:
    return killed(play.tell(SIGNAL, sender, target, b"", True, number))


def dies_of(
    play: Play, target: int, sender: int, number: int
) -> list[tuple[str, int, int, object]]:
    """It has heard the signal and dies of it."""
    play.tell(EXITING, target, BOOM, sender, number)
    return news(play.reap(target))


def test_to_its_sender_a_process_is_dead_after_an_exit_signal(play: Play) -> None:
    target, other = play.spawn(), play.spawn()
    play.tell(MONITOR, play.main, 1, target)
    boom(play, play.main, target, 1)
    play.tell(MONITOR, play.main, 2, target)
    play.tell(LINK, play.main, target, ref=5)
    play.tell(MONITOR, other, 3, target)
    assert sorted(dies_of(play, target, play.main, 1)) == [
        ("down", play.main, target, "boom"),
        ("down", play.main, target, "noproc"),
        ("down", other, target, "boom"),
        ("exit", play.main, target, "noproc"),
    ]


def test_a_link_that_was_there_before_tells_the_truth(play: Play) -> None:
    target = play.spawn(link=True)
    boom(play, play.main, target, 1)
    play.tell(LINK, play.main, target, ref=5)
    assert dies_of(play, target, play.main, 1) == [("exit", play.main, target, "boom")]


def test_who_was_too_late_for_a_signal_that_is_survived_is_forgotten(play: Play) -> None:
    """A server that traps exits lives long, and those that signal and watch it come and go."""
    target, watcher = play.spawn(), play.spawn()
    for number in (1, 2):
        boom(play, watcher, target, number)
        play.tell(MONITOR, watcher, number, target)
    play.tell(LINK, watcher, target, ref=5)
    play.tell(SURVIVED, target, watcher, 1)
    assert play.state.processes[target].latecomers == {(watcher, 2): 2, (watcher, 0): 2}
    play.leave(watcher)
    play.tell(SURVIVED, target, watcher, 2)
    assert play.state.processes[target].latecomers == {}


def test_who_was_too_late_for_a_kill_stays_so(play: Play) -> None:
    """A thread hears of it at its next call, and lives through a normal signal until then."""
    watcher = play.spawn()
    kill(play, watcher, play.main, 1)
    play.tell(SIGNAL, watcher, play.main, flat("normal"), False, 2)
    play.tell(MONITOR, watcher, 5, play.main)
    play.tell(SURVIVED, play.main, watcher, 2)
    last = play.tell(EXITING, play.main, flat("killed"), watcher, 1)
    assert news(last) == [("down", watcher, play.main, "noproc")]


def test_who_was_too_late_for_what_a_thread_will_die_of_stays_so(play: Play) -> None:
    """It is condemned, hears a normal signal too, and ends at its next call."""
    watcher = play.spawn()
    boom(play, watcher, play.main, 1)
    play.tell(MONITOR, watcher, 5, play.main)
    play.tell(SIGNAL, watcher, play.main, flat("normal"), False, 2)
    play.tell(SURVIVED, play.main, watcher, 2)
    last = play.tell(EXITING, play.main, BOOM, watcher, 1)
    assert news(last) == [("down", watcher, play.main, "noproc")]


def test_who_survives_a_signal_dies_of_the_next_for_all_to_see(play: Play) -> None:
    target = play.spawn()
    boom(play, play.main, target, 1)
    play.tell(MONITOR, play.main, 1, target)
    play.tell(SURVIVED, target, play.main, 1)
    boom(play, play.main, target, 2)
    assert dies_of(play, target, play.main, 2) == [("down", play.main, target, "boom")]


def test_kill_waits_until_an_earlier_signal_is_heard(play: Play) -> None:
    target = play.spawn()
    play.tell(MONITOR, play.main, 1, target)
    boom(play, play.main, target, 1)
    assert kill(play, play.main, target, 2) == []
    assert play.ask(IS_ALIVE, play.main, target) is False
    assert dies_of(play, target, play.main, 1) == [("down", play.main, target, "boom")]
    assert play.tick(GRACE) == []


def test_kill_strikes_at_once_who_survives_the_earlier_signals(play: Play) -> None:
    target = play.spawn()
    play.tell(MONITOR, play.main, 1, target)
    boom(play, play.main, target, 1)
    boom(play, play.main, target, 2)
    kill(play, play.main, target, 3)
    assert killed(play.tell(SURVIVED, target, play.main, 1)) == []
    assert killed(play.tell(SURVIVED, target, play.main, 2)) == [target]
    assert news(play.reap(target, -9)) == [("down", play.main, target, "killed")]


def test_kill_does_not_wait_for_long(play: Play) -> None:
    target = play.spawn()
    play.tell(MONITOR, play.main, 1, target)
    boom(play, play.main, target, 1)
    kill(play, play.main, target, 2)
    assert killed(play.tick(GRACE / 2)) == []
    assert killed(play.tick(GRACE)) == [target]
    assert news(play.reap(target, -9)) == [("down", play.main, target, "killed")]


def test_kill_waits_for_signals_of_its_own_sender_only(play: Play) -> None:
    target, other = play.spawn(), play.spawn()
    boom(play, other, target, 1)
    play.tell(SIGNAL, play.main, target, flat("normal"), False, 1)
    assert kill(play, play.main, target, 2) == [target]


def test_who_is_not_forked_yet_is_spared_too(play: Play) -> None:
    target = play.launch()
    boom(play, play.main, target, 1)
    kill(play, play.main, target, 2)
    assert killed(play.fork(target)) == []
    assert killed(play.tick(GRACE)) == [target]


def test_after_kill_nothing_else_counts(play: Play) -> None:
    target = play.spawn()
    play.tell(MONITOR, play.main, 1, target)
    assert kill(play, play.main, target, 1) == [target]
    boom(play, play.main, target, 2)
    play.tell(DEMONITOR, play.main, 9)
    play.tell(EXITING, target, flat("by itself"), 0, 0)
    assert news(play.reap(target)) == [("down", play.main, target, "killed")]


def test_a_message_does_not_overtake_a_signal_that_the_kernel_keeps(place: Place) -> None:
    """It goes the same way, though there is room again in the pipe of the other."""
    pipe.make(place.pipe(5))
    mailbox, asked = pipe.open_mailbox(place.pipe(5)), []
    outbox = Outbox(place, 2, -1, lambda kind, payload: asked.append(kind) or "queued")
    context = SimpleNamespace(
        pid=Pid(2, place.id), outbox=outbox, signals_sent=0, question=lambda *request: "queued"
    )
    signalling.signal(context, Pid(5, place.id), "boom")
    outbox.send(MESSAGE, 5, 0, "later")
    assert (asked, pipe.read(mailbox)) == ([DELIVER], b"")
    outbox.close()
    os.close(mailbox)
