"""Restarts that fail: the supervisor tries again and again, and serves others in between."""

from __future__ import annotations

import pytest

from otp import gen_server, process, supervisor
from tests.expecting import expect_nothing
from tests.family import (
    asked,
    be,
    between_tries,
    children,
    ended,
    heard,
    kill,
    pids,
    start,
    there,
)
from tests.servers.worker import spec


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
