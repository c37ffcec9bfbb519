"""The kernel's decisions about life and death: a whole node is played through without a process.

Rules 1 to 4 are those at the head of `otp.kernel.table`.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence

import pytest

from otp.kernel import lives
from otp.kernel.effects import (
    Effect,
    Hold,
    Launch,
    Name,
    Release,
    Remove,
    Ring,
    Send,
    TurnAway,
    Unname,
    Welcome,
)
from otp.kernel.table import Death
from otp.terms import Crash, ExitStatus, Signal
from otp.wire.codec import decode, flat
from otp.wire.protocol import (
    ATTACH,
    CANCEL_TIMER,
    EXITING,
    FORKED,
    INFO,
    IS_ALIVE,
    LINK,
    MESSAGE,
    MONITOR,
    PARCELS,
    PROCESSES,
    READ_TIMER,
    READY,
    REASON_OF,
    REGISTER,
    REGISTERED,
    SIGNAL,
    START_TIMER,
    STOP,
    SWEEP,
    UNREGISTER,
)
from tests.unit.playing import PROGRAM, Play, answers, killed, news


@pytest.fixture
def play() -> Play:
    return Play()


def kinds(effects):
    return [type(effect) for effect in effects]


# ---- rule 1: a process is known from the moment its spawner is told its pid until it is dead


def test_a_spawner_is_told_the_pid_before_the_fork(play: Play) -> None:
    (launch,) = play.order(play.main)
    assert isinstance(launch, Launch)
    assert (launch.asker, launch.ref) == (play.main, 5)
    assert launch.serial in play.ask(PROCESSES, play.main)


def test_a_pid_is_never_given_again(play: Play) -> None:
    serials = [play.spawn() for _ in range(5)]
    for serial in serials:
        play.leave(serial)
    assert play.spawn() > max(serials)


def test_its_pipe_is_held_until_it_reads_itself(play: Play) -> None:
    serial = play.launch()
    assert play.fork(serial) == [Hold(serial, 1000 + serial)]
    assert play.tell(READY, serial, None, {}) == [Release(serial)]


def test_its_os_process_is_told_by_itself_or_by_its_launcher_whoever_comes_first(
    play: Play,
) -> None:
    serial = play.launch()
    hold = Hold(serial, 1000 + serial)
    assert play.tell(READY, serial, None, {}, 1000 + serial) == [Release(serial), hold]
    assert play.ask(INFO, play.main, serial)["os_pid"] == 1000 + serial
    assert play.fork(serial) == []


def test_a_fork_that_is_refused_is_a_death(play: Play) -> None:
    serial = play.launch(link=True)
    reason = Crash(OSError("no memory"))
    effects = play.tell(FORKED, 1, serial, 0, flat(reason))
    assert news(effects)[0][:3] == ("exit", play.main, serial)
    assert decode(effects[1].payload) == reason
    assert not play.ask(IS_ALIVE, play.main, serial)


def test_the_name_is_free_and_the_pipe_gone_before_the_death_is_told(play: Play) -> None:
    serial = play.spawn(name="kv", link=True, monitor=9)
    effects = play.leave(serial, "boom")
    assert kinds(effects) == [Unname, Remove, Send, Ring, Send]
    assert news(effects) == [
        ("exit", play.main, serial, "boom"),
        ("down", play.main, serial, "boom"),
    ]


def test_a_death_is_told_when_it_is_reaped_and_not_before(play: Play) -> None:
    serial = play.spawn(link=True)
    assert play.tell(EXITING, serial, flat("boom"), 0, 0) == []
    assert news(play.reap(serial)) == [("exit", play.main, serial, "boom")]


def test_everyone_hears_of_a_death_once(play: Play) -> None:
    dead, peer, watcher = play.spawn(), play.spawn(), play.spawn()
    play.tell(LINK, peer, dead, ref=1)
    play.tell(MONITOR, watcher, 10, dead)
    play.tell(MONITOR, watcher, 11, dead)
    assert news(play.leave(dead, "boom")) == [
        ("exit", peer, dead, "boom"),
        ("down", watcher, dead, "boom"),
        ("down", watcher, dead, "boom"),
    ]
    assert news(play.leave(peer)) == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0, ExitStatus(0)),
        (3, ExitStatus(3)),
        (-signal.SIGKILL, "killed"),
        (-signal.SIGSEGV, Signal("SIGSEGV")),
        (-signal.SIGTERM, Signal("SIGTERM")),
        (-signal.SIGRTMIN, Signal("SIGRTMIN")),
        (-signal.SIGRTMIN - 5, Signal("SIGRTMIN+5")),
        (-signal.SIGRTMAX, Signal("SIGRTMAX")),
    ],
)
def test_who_says_nothing_is_judged_by_its_status(play: Play, status: int, reason: object) -> None:
    serial = play.spawn(link=True)
    assert news(play.reap(serial, status)) == [("exit", play.main, serial, reason)]


def test_last_words_count_more_than_the_status(play: Play) -> None:
    serial = play.spawn(link=True)
    play.tell(EXITING, serial, flat("boom"), 0, 0)
    play.tell(EXITING, serial, flat("again"), 0, 0)
    assert news(play.reap(serial, -signal.SIGKILL)) == [("exit", play.main, serial, "boom")]


def test_who_is_killed_before_it_is_forked_is_killed_then(play: Play) -> None:
    serial = play.launch(link=True)
    assert killed(play.tell(SIGNAL, play.main, serial, flat("kill"), True, 1)) == []
    assert killed(play.fork(serial)) == [serial]
    assert news(play.reap(serial, -9)) == [("exit", play.main, serial, "killed")]


def test_a_launch_that_fails_undoes_all(play: Play) -> None:
    (launch,) = play.order(play.main, name="kv", link=True, monitor=3)
    error = OSError(24, "Too many open files")
    effects = lives.undo(play.state, launch, error)
    assert decode(answers(effects)[0].payload) == ("error", 24, "[Errno 24] Too many open files")
    assert Unname("kv") in effects
    assert play.ask(PROCESSES, play.main) == [play.main]
    assert play.state.graph.links(play.main) == play.state.graph.targets(play.main) == []


# ---- rule 2: names


def test_a_name_is_taken_from_the_first_moment_on(play: Play) -> None:
    serial = play.launch(name="kv")
    (refused,) = answers(play.order(play.main, name="kv"))
    assert decode(refused.payload) == ("already_started", serial)
    assert play.ask(REGISTERED, play.main) == ["kv"]


@pytest.mark.parametrize(
    ("name", "who", "answer"),
    [("free", "bare", "ok"), ("kv", "bare", "taken"), ("free", "named", "named"),
     ("free", "dead", "noproc"), ("free", "leaving", "noproc")],
)  # fmt: skip
def test_a_name_is_given_or_refused(play: Play, name: str, who: str, answer: str) -> None:
    people = {"named": play.spawn(name="kv"), "bare": play.spawn(), "dead": 9999}
    people["leaving"] = play.spawn()
    play.tell(EXITING, people["leaving"], flat("normal"), 0, 0)
    assert play.ask(REGISTER, play.main, name, people[who]) == answer


def test_a_name_that_was_taken_away_can_be_given_again(play: Play) -> None:
    one, other = play.spawn(name="kv"), play.spawn()
    assert play.tell(UNREGISTER, play.main, "kv", ref=1)[0] == Unname("kv")
    assert play.ask(UNREGISTER, play.main, "kv") is False
    assert play.tell(REGISTER, play.main, "kv", other, ref=1)[0] == Name("kv", other)
    assert Unname("kv") not in play.leave(one)


# ---- rule 3: timers


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


# ---- rule 4: graves


def test_who_asks_later_is_told_the_reason(play: Play) -> None:
    serial = play.spawn()
    play.leave(serial, "boom")
    assert decode(play.ask(REASON_OF, play.main, serial, 0)) == "boom"
    assert decode(play.ask(REASON_OF, play.main, 9999, 0)) == "noproc"


def test_who_asks_too_early_is_told_when_it_is_dead(play: Play) -> None:
    serial = play.spawn()
    assert play.tell(REASON_OF, play.main, serial, 0, ref=8) == []
    (answer,) = answers(play.leave(serial, "boom"))
    assert (answer.to, answer.ref) == (play.main, 8)


def test_to_a_caller_who_has_killed_it_before_the_call_it_was_nobody(play: Play) -> None:
    serial = play.spawn()
    play.tell(SIGNAL, play.main, serial, flat("kill"), True, 3)
    play.reap(serial, -9)
    assert decode(play.ask(REASON_OF, play.main, serial, 3)) == "noproc"
    assert decode(play.ask(REASON_OF, play.main, serial, 2)) == "killed"
    assert decode(play.ask(REASON_OF, play.spawn(), serial, 3)) == "killed"


def test_the_oldest_graves_are_forgotten(play: Play, monkeypatch) -> None:
    monkeypatch.setattr("otp.kernel.table._GRAVES", 3)
    for serial in range(10, 15):
        play.state.bury(serial, Death(b""))
    assert list(play.state.graves) == [12, 13, 14]


# ---- threads that are attached


def test_a_thread_is_welcomed_with_its_number(play: Play) -> None:
    welcome, told = play.tell(ATTACH, 0, "new-1", PROGRAM, True)
    assert welcome == Welcome(play.state.last_serial, "new-1", PROGRAM)
    assert decode(told.payload) == told.to == play.state.last_serial


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
