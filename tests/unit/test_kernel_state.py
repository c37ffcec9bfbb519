"""The kernel's decisions about life and death: a whole node is played through without a process.

Rules 1, 2 and 4 are those at the head of `otp.kernel.table`.
"""

from __future__ import annotations

import signal

import pytest

from otp.kernel import lives
from otp.kernel.effects import (
    Hold,
    Launch,
    Name,
    Release,
    Remove,
    Ring,
    Send,
    Unname,
)
from otp.kernel.table import Death
from otp.terms import Crash, ExitStatus, Signal
from otp.wire.codec import decode, flat
from otp.wire.protocol import (
    EXITING,
    FORKED,
    INFO,
    IS_ALIVE,
    LINK,
    MONITOR,
    PROCESSES,
    READY,
    REASON_OF,
    REGISTER,
    REGISTERED,
    SIGNAL,
    UNREGISTER,
)
from tests.unit.playing import Play, answers, killed, news


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
