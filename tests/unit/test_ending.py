"""The end of a node, in good order: who is told, who is waited for, who is killed.

The rules are those at the head of `otp.kernel.ending`.
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.kernel import lives, state
from otp.kernel.effects import Continue, Halt
from otp.wire.codec import decode, flat
from otp.wire.protocol import EXITING, LIMIT, STOP
from tests.unit.playing import PROGRAM, Play, answers, killed, news


@pytest.fixture
def play() -> Play:
    return Play()


def stop(play: Play):
    return play.tell(STOP, play.main)


def test_a_node_without_workers_ends_at_once(play: Play) -> None:
    assert stop(play)[-1] == Halt()


def test_who_was_stopped_goes_on(play: Play) -> None:
    play.spawn()
    assert stop(play).count(Continue()) == 1


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_nobody_has_less_than_no_time_to_end(play: Play, seconds: float) -> None:
    worker = play.spawn()
    with pytest.raises(ValueError, match="seconds to end"):
        play.tell(LIMIT, worker, seconds)


def test_who_asks_for_a_limit_is_killed_when_it_is_over_or_takes_it_back(play: Play) -> None:
    worker = play.spawn(patience=None)
    play.tell(LIMIT, worker, 2.0)
    play.tell(LIMIT, worker, None)
    assert play.tick(2.0) == []
    play.tell(LIMIT, worker, 2)
    assert killed(play.tick(4.0)) == [worker]


@pytest.mark.parametrize("ordered", ["before", "meanwhile"])
def test_a_launcher_that_hangs_does_not_keep_the_node(play: Play, ordered: str) -> None:
    """Nobody can kill what has no OS process yet."""
    worker = play.spawn(patience=None)
    helper = play.launch(worker) if ordered == "before" else 0
    stop(play)
    helper = helper or play.launch(worker)
    assert Halt() not in play.tick(9.9)
    assert Halt() in play.tick(10.0)
    assert helper in play.state.processes


def test_one_that_is_there_in_time_has_its_own_time_again(play: Play) -> None:
    worker = play.spawn(patience=None)
    stop(play)
    helper = play.launch(worker, patience=None)
    play.fork(helper)
    assert play.tick(100.0) == []


def test_who_does_not_leave_after_its_last_words_is_killed_and_believed(play: Play) -> None:
    worker = play.spawn(link=True)
    play.tell(EXITING, worker, flat("bye"), 0, 0)
    assert killed(play.tick(0.9)) == []
    assert killed(play.tick(1.0)) == [worker]
    assert news(play.reap(worker, -9)) == [("exit", play.main, worker, "bye")]


def test_the_top_level_gets_the_exit_signal_of_its_parents_end(play: Play) -> None:
    top = play.spawn()
    play.spawn(top)
    assert news(stop(play)) == [("exit", top, play.main, "shutdown")]


def test_threads_are_dead_to_the_others_first(play: Play) -> None:
    worker = play.spawn(link=True)
    told = news(stop(play))
    assert told[0] == told[1] == ("exit", worker, play.main, "shutdown")
    assert play.main not in play.state.processes


def test_the_death_of_the_program_is_the_end_of_its_node(play: Play) -> None:
    worker = play.spawn(link=True)
    told = news(lives.gone(play.state, PROGRAM, 0.0))
    assert told == [("exit", worker, play.main, "shutdown")] * 2
    assert play.state.ending


def test_the_death_of_another_program_with_threads_is_not(play: Play) -> None:
    other = play.attach(555)
    worker = play.spawn(other, link=True)
    assert news(lives.gone(play.state, 555, 0.0)) == [("exit", worker, other, "killed")]
    assert not play.state.ending


def test_a_node_does_not_wait_for_a_program_that_is_not_its_own(play: Play) -> None:
    """A forked child of the program has attached, started a worker, and lives on."""
    guest = play.attach(555)
    worker = play.spawn(guest)
    told = news(lives.gone(play.state, PROGRAM, 0.0))
    assert told == [("exit", worker, guest, "shutdown")]
    (refused,) = answers(play.order(guest))
    assert decode(refused.payload) == ("ending",)
    assert play.leave(worker)[-1] == Halt()


def test_who_loses_its_parent_on_the_way_is_told_then(play: Play) -> None:
    top = play.spawn()
    child = play.spawn(top)
    stop(play)
    assert news(play.leave(top)) == [("exit", child, top, "shutdown")]
    assert play.leave(child)[-1] == Halt()


def test_who_has_not_gone_within_its_own_patience_is_killed(play: Play) -> None:
    quick, slow = play.spawn(patience=1.0), play.spawn(patience=3.0)
    for_ever = play.spawn(patience=None)
    play.now = 10.0
    stop(play)
    assert state.next_deadline(play.state) == 11.0
    assert killed(play.tick(10.9)) == []
    assert killed(play.tick(11.0)) == [quick]
    assert state.next_deadline(play.state) == 13.0
    assert killed(play.tick(13.0)) == [slow]
    assert state.next_deadline(play.state) is None
    assert play.state.processes.keys() == {quick, slow, for_ever}


def test_patience_begins_when_one_is_told(play: Play) -> None:
    top = play.spawn(patience=None)
    child = play.spawn(top, patience=1.0)
    stop(play)
    assert play.tick(100.0) == []
    play.leave(top)
    assert killed(play.tick(100.9)) == []
    assert killed(play.tick(101.0)) == [child]


def test_nobody_is_told_twice(play: Play) -> None:
    play.spawn()
    stop(play)
    assert stop(play) == []


def test_who_is_to_end_may_start_what_it_needs_for_that(play: Play) -> None:
    worker = play.spawn()
    stop(play)
    helper = play.spawn(worker)
    assert Halt() not in play.leave(worker)
    assert play.leave(helper)[-1] == Halt()


def test_the_threads_of_the_program_start_nothing_any_more(play: Play) -> None:
    play.spawn()
    stop(play)
    (answer,) = answers(play.order(play.main))
    assert decode(answer.payload) == ("ending",)


def test_the_last_one_puts_out_the_light(play: Play) -> None:
    one, other = play.spawn(), play.spawn()
    stop(play)
    assert Halt() not in play.leave(one)
    assert play.leave(other)[-1] == Halt()


class Seen(dict[Any, Any]):
    """Counts how often somebody looks through all of it."""

    times = 0

    def values(self) -> Any:
        self.times += 1
        return super().values()


def test_no_death_is_a_reason_to_look_through_all_the_living(play: Play) -> None:
    """The end of a node would take the square of the time."""
    workers = [play.spawn() for _ in range(20)]
    children = [play.spawn(worker) for worker in workers]
    play.state.processes = seen = Seen(play.state.processes)
    play.leave(children.pop())
    assert seen.times == 0
    stop(play)
    seen.times = 0
    for serial in [*workers, *children]:
        play.tick(play.now)
        state.next_deadline(play.state)
        play.leave(serial)
    assert seen.times == 0
