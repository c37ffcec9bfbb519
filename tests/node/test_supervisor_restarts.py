"""Restarts: type and reason, strategies, intensity, restarts that fail, automatic shutdown."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest

from otp import gen_server, process, supervisor
from otp.supervisor import ChildSpec
from otp.terms import Shutdown
from tests.expecting import expect, expect_down, expect_nothing
from tests.family import (
    all_quiet,
    asked,
    be,
    between_tries,
    children,
    end,
    ended,
    heard,
    kill,
    pids,
    start,
    there,
)
from tests.servers.worker import spec

ORDERLY = ["normal", "shutdown", Shutdown("x")]
ALARMING = ["boom", "killed"]


# ---- the restart type


@pytest.mark.parametrize("reason", ORDERLY + ALARMING, ids=repr)
@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
def test_the_restart_type_and_the_reason_decide(restart, reason) -> None:
    sup = start(spec("w", restart=restart))
    (before,) = heard("init w")
    if reason == "killed":
        kill("w")
    else:
        end("w", reason)
        heard(f"terminate w {reason!r}")
    if restart == "temporary":
        assert children(sup) == []
    elif restart == "transient" and reason in ORDERLY:
        assert children(sup) == [("w", None)]
    else:
        (after,) = heard("init w")
        assert children(sup) == [("w", after)]
        assert after != before
    expect_nothing()


# ---- the strategies


def family_of(strategy, **more):
    sup = start(*(spec(id, trap=True) for id in "abcd"), strategy=strategy, intensity=5, **more)
    heard("init a", "init b", "init c", "init d")
    return sup


def test_one_for_one_restarts_only_the_child_that_ended() -> None:
    sup = family_of("one_for_one")
    before = pids(sup)
    end("b", "boom")
    heard("terminate b 'boom'", "init b")
    assert pids(sup) == {**before, "b": there("b")}
    kill("a")
    heard("init a")
    assert pids(sup) == {**before, "a": there("a"), "b": there("b")}
    assert [gen_server.call(id, "ping") for id in "dcba"] == list(pids(sup).values())


def test_one_for_all_stops_the_others_in_reverse_and_starts_all() -> None:
    sup = family_of("one_for_all")
    end("b", "boom")
    heard("terminate b 'boom'")
    heard("terminate d 'shutdown'", "terminate c 'shutdown'", "terminate a 'shutdown'")
    heard("init a", "init b", "init c", "init d")
    assert children(sup) == [(id, there(id)) for id in "dcba"]


def test_rest_for_one_restarts_the_child_and_those_started_after_it() -> None:
    sup = family_of("rest_for_one")
    a = there("a")
    end("b", "boom")
    heard("terminate b 'boom'", "terminate d 'shutdown'", "terminate c 'shutdown'")
    heard("init b", "init c", "init d")
    assert there("a") == a
    end("d", "boom")
    heard("terminate d 'boom'", "init d")
    end("a", "boom")
    heard("terminate a 'boom'", "terminate d 'shutdown'", "terminate c 'shutdown'")
    heard("terminate b 'shutdown'", "init a", "init b", "init c", "init d")
    all_quiet(sup)


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_temporary_members_of_a_group_are_stopped_and_forgotten(strategy) -> None:
    sup = start(spec("a"), spec("t", restart="temporary", trap=True), spec("b"), strategy=strategy)
    heard("init a", "init t", "init b")
    kill("a")
    heard("terminate t 'shutdown'", "init a", "init b")
    assert [id for id, _ in children(sup)] == ["b", "a"]


@pytest.mark.parametrize("restart", ["temporary", "transient"])
def test_a_child_that_ends_for_good_takes_nobody_along(restart) -> None:
    sup = start(spec("a"), spec("t", restart=restart), strategy="one_for_all")
    heard("init a", "init t")
    end("t", "normal")
    heard("terminate t 'normal'")
    all_quiet(sup)


def test_transient_members_that_had_ended_are_started_again_with_the_group() -> None:
    start(spec("a"), spec("t", restart="transient"), strategy="one_for_all")
    heard("init a", "init t")
    end("t", "normal")
    kill("a")
    heard("terminate t 'normal'", "init a", "init t")


# ---- the intensity


def test_one_restart_too_many_ends_the_supervisor_and_its_children() -> None:
    sup = start(*(spec(id, trap=True) for id in "abc"), intensity=2, period=1000)
    heard("init a", "init b", "init c")
    for reason in ("one", "two"):
        end("b", reason)
        heard(f"terminate b {reason!r}", "init b")
    end("b", "three")
    heard("terminate b 'three'", "terminate c 'shutdown'", "terminate a 'shutdown'")
    assert ended(sup) == "shutdown"
    assert [process.whereis(id) for id in "abc"] == [None] * 3


def test_by_default_one_restart_is_survived_and_two_at_once_are_not() -> None:
    sup = start(spec("w"), period=1000)
    kill("w")
    heard("init w", "init w")
    kill("w")
    assert ended(sup) == "shutdown"


def test_with_intensity_0_the_first_end_is_the_last() -> None:
    sup = start(spec("w"), intensity=0)
    kill("w")
    assert ended(sup) == "shutdown"


def test_a_supervisor_that_gives_up_is_restarted_by_its_own_unless_transient() -> None:
    below = partial(supervisor.start_link, [spec("w")], intensity=0, name="below")
    sup = start(ChildSpec("below", below, "transient", kind="supervisor"))
    heard("init w")
    ref = process.monitor("below")
    kill("w")
    assert expect_down(ref) == "shutdown"
    assert children(sup) == [("below", None)]


# ---- restarts that fail


def retrying(**flags):
    """A supervisor whose child w asks how to be from its second start on, and sibling s."""
    sup = start(spec("s", trap=True), spec("w", again="ask"), **{"intensity": 1000, **flags})
    heard("init s", "init w")
    kill("w")
    return sup


def test_a_failed_restart_is_tried_again_until_it_succeeds() -> None:
    sup = retrying()
    s = there("s")
    for how in (("stop", "not yet"), "raise", ("exit", "normal"), "ok"):
        be("w", how)
    assert children(sup) == [("w", there("w")), ("s", s)]
    expect_nothing()


def test_each_try_counts_and_then_the_supervisor_gives_up() -> None:
    never = spec("w", again=("stop", "never"))
    sup = start(spec("s", trap=True), never, intensity=3, period=1000)
    heard("init s", "init w")
    kill("w")
    heard("init w", "init w", "init w", "terminate s 'shutdown'")
    assert ended(sup) == "shutdown"


def test_what_was_asked_before_the_next_try_is_served_before_it() -> None:
    sup = retrying()
    w = asked("w")
    with pytest.raises(TimeoutError):  # the request stays in the mailbox
        gen_server.call(sup, ("start_child", spec("x")), timeout=0)
    process.send(w, ("be", ("stop", "not yet")))
    heard("init x")
    be("w", "ok")
    assert pids(sup).keys() == {"s", "w", "x"}


def test_a_child_that_could_not_be_restarted_yet_is_shown_restarting() -> None:
    sup = retrying()
    assert between_tries("w", supervisor.which_children, sup)[0] == ("w", "restarting", "worker")
    assert between_tries("w", supervisor.count_children, sup)["active"] == 1
    assert between_tries("w", supervisor.restart_child, sup, "w") == "restarting"
    assert between_tries("w", supervisor.delete_child, sup, "w") == "restarting"
    assert between_tries("w", supervisor.start_child, sup, spec("w")) == "already_present"
    assert between_tries("w", supervisor.terminate_child, sup, "w") is None
    assert children(sup) == [("w", None), ("s", there("s"))]
    expect_nothing()


def test_one_for_all_starts_the_whole_group_again_if_a_member_fails() -> None:
    sup = start(
        spec("a", trap=True), spec("b", again="ask"), spec("c"), strategy="one_for_all", intensity=9
    )
    heard("init a", "init b", "init c")
    kill("c")
    heard("terminate a 'shutdown'", "init a")
    be("b", ("stop", "not yet"))
    heard("terminate a 'shutdown'", "init a")
    be("b", "ok")
    heard("init c")
    assert children(sup) == [(id, there(id)) for id in "cba"]


def test_rest_for_one_goes_on_with_the_member_that_failed() -> None:
    sup = start(
        spec("a"),
        spec("b"),
        spec("c", again="ask"),
        spec("d"),
        strategy="rest_for_one",
        intensity=9,
    )
    heard("init a", "init b", "init c", "init d")
    kill("a")
    a, b = heard("init a", "init b")
    be("c", ("stop", "not yet"))
    be("c", "ok")
    heard("init d")
    assert children(sup) == [("d", there("d")), ("c", there("c")), ("b", b), ("a", a)]


def test_a_child_that_was_to_be_restarted_may_ignore_it() -> None:
    sup = start(spec("w", again="ignore"), spec("s"), strategy="one_for_all")
    heard("init w", "init s")
    kill("s")
    heard("init w", "init s")
    assert children(sup) == [("s", there("s")), ("w", None)]


# ---- auto_shutdown


def significant(mode):
    both = {"restart": "transient", "significant": True, "trap": True}
    sup = start(
        spec("w", trap=True),
        spec("s1", **both),
        spec("s2", **both),
        auto_shutdown=mode,
        intensity=3,
    )
    heard("init w", "init s1", "init s2")
    return sup


def test_with_any_significant_the_end_of_one_ends_the_supervisor() -> None:
    sup = significant("any_significant")
    end("s1", "boom")
    heard("terminate s1 'boom'", "init s1")
    supervisor.terminate_child(sup, "s2")
    supervisor.restart_child(sup, "s2")
    heard("terminate s2 'shutdown'", "init s2")
    end("s1", "normal")
    heard("terminate s1 'normal'", "terminate s2 'shutdown'", "terminate w 'shutdown'")
    assert ended(sup) == "shutdown"


def test_with_all_significant_the_end_of_the_last_ends_the_supervisor() -> None:
    sup = significant("all_significant")
    end("s1", "normal")
    heard("terminate s1 'normal'")
    assert children(sup) == [("s2", there("s2")), ("s1", None), ("w", there("w"))]
    end("s2", Shutdown("done"))
    heard("terminate s2 Shutdown(why='done')", "terminate w 'shutdown'")
    assert ended(sup) == "shutdown"


def test_a_temporary_significant_child_counts_however_it_ends() -> None:
    brief = spec("t", restart="temporary", significant=True)
    sup = start(spec("w"), brief, auto_shutdown="any_significant")
    kill("t")
    assert ended(sup) == "shutdown"


def test_a_significant_child_that_is_stopped_with_its_group_ends_nobody() -> None:
    both = {"restart": "transient", "significant": True}
    flags = {"strategy": "one_for_all", "auto_shutdown": "any_significant"}
    sup = start(spec("w"), spec("s", **both), **flags)
    heard("init w", "init s")
    kill("w")
    heard("init w", "init s")
    all_quiet(sup)


# ---- kill -9


def os_kill(pid) -> None:
    """As ``kill -9`` in a shell; returns when the death is known."""
    ref = process.monitor(pid)
    known = process.info(pid)
    assert known is not None
    os.kill(known["os_pid"], signal.SIGKILL)
    assert expect_down(ref) == "killed"


def test_kill_9_of_a_child_of_each_kind_heals() -> None:
    below = partial(
        supervisor.start_link, [spec("x"), spec("y", trap=True)], strategy="one_for_all"
    )
    sup = start(
        spec("plain"), spec("trapping", trap=True), spec("transient", restart="transient"),
        ChildSpec("below", below, kind="supervisor"), intensity=9,
    )  # fmt: skip
    heard("init plain", "init trapping", "init transient", "init x", "init y")
    for id in ("plain", "trapping", "transient"):
        os_kill(pids(sup)[id])
        heard(f"init {id}")
        assert pids(sup)[id] == there(id) == gen_server.call(id, "ping")
    os_kill(there("x"))
    heard("terminate y 'shutdown'", "init x", "init y")
    all_quiet(sup)


def test_kill_9_of_a_supervisor_takes_its_children_down_and_heals() -> None:
    """A child that traps exits takes its time to end, and its name may be taken until then:

    1. the supervisor is killed, and both children get the exit signal "killed"
    2. it is restarted and starts x and y anew, whose names the old ones may still have
    3. its start fails; it is tried again, until the names are free
    """
    below = partial(supervisor.start_link, [spec("x"), spec("y", trap=True)])
    sup = start(ChildSpec("below", below, kind="supervisor"), intensity=1000)
    x, y = heard("init x", "init y")
    ref_x, ref_y = process.monitor(x), process.monitor(y)
    os_kill(pids(sup)["below"])
    assert expect_down(ref_x) == "killed"
    expect(("terminate", "y", y, "killed"))
    assert expect_down(ref_y) == "killed"
    while pids(sup)["below"] == "restarting":
        pass
    assert children(pids(sup)["below"]) == [("y", there("y")), ("x", there("x"))]
