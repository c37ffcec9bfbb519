"""Restarts: type and reason, strategies, intensity, automatic shutdown."""

from __future__ import annotations

from functools import partial

import pytest

from otp import gen_server, process, supervisor
from otp.supervisor import ChildSpec
from otp.terms import Shutdown
from tests.expecting import expect_down, expect_nothing
from tests.family import (
    all_quiet,
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
