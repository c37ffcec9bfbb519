"""Restart type, exit reason and strategy: what a supervisor does about a child that has ended.

The family is a, b, c, d in start order, and b is the one that ended. A row reads: who is stopped
(last first), who is started, is it reported, does the entry of b stay.
"""

from __future__ import annotations

from itertools import product

import pytest

from otp.behaviour.child import RESTARTS, Restart, ShutdownTime
from otp.behaviour.restarting import (
    Decision,
    Group,
    decide,
    group,
    shuts_down,
    stays,
    stopped_as_told,
)
from otp.behaviour.supervisor_flags import AUTO_SHUTDOWNS, STRATEGIES, Strategy
from otp.terms import Crash, ExitStatus, Shutdown, Signal

ORDERLY = ["normal", "shutdown", Shutdown("upgrade")]
ALARMING = [
    "boom",
    "killed",
    "kill",
    "noproc",
    Crash(KeyError("x")),
    Signal("SIGSEGV"),
    ExitStatus(3),
    None,
    ("normal", 1),
    ["shutdown"],
]

GROUPS: dict[Strategy, Group] = {
    "one_for_one": Group((), ("b",)),
    "one_for_all": Group(("d", "c", "a"), ("a", "b", "c", "d")),
    "rest_for_one": Group(("d", "c"), ("b", "c", "d")),
    "simple_one_for_one": Group((), ("b",)),
}


def family(b: Restart, others: Restart = "permanent") -> dict[str, Restart]:
    return {"a": others, "b": b, "c": others, "d": others}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("reason", ORDERLY + ALARMING, ids=repr)
def test_a_permanent_child_is_always_restarted_and_reported(strategy, reason):
    decision = decide(strategy, family("permanent"), "b", reason)
    assert decision == Decision(True, GROUPS[strategy], True)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("reason", ALARMING, ids=repr)
def test_a_transient_child_is_restarted_after_an_abnormal_end(strategy, reason):
    decision = decide(strategy, family("transient"), "b", reason)
    assert decision == Decision(True, GROUPS[strategy], True)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("reason", ORDERLY, ids=repr)
def test_a_transient_child_that_ends_in_order_is_left_alone_without_a_word(strategy, reason):
    stays = strategy != "simple_one_for_one"
    assert decide(strategy, family("transient"), "b", reason) == Decision(False, None, stays)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    ("reason", "reported"), [(r, False) for r in ORDERLY] + [(r, True) for r in ALARMING], ids=repr
)
def test_a_temporary_child_is_never_restarted_and_always_forgotten(strategy, reason, reported):
    assert decide(strategy, family("temporary"), "b", reason) == Decision(reported, None, False)


@pytest.mark.parametrize(
    ("strategy", "failed", "stopped", "started"),
    [
        ("one_for_one", "a", "", "a"),
        ("one_for_all", "a", "dcb", "abcd"),
        ("one_for_all", "d", "cba", "abcd"),
        ("rest_for_one", "a", "dcb", "abcd"),
        ("rest_for_one", "c", "d", "cd"),
        ("rest_for_one", "d", "", "d"),
    ],
)
def test_a_group_is_stopped_from_the_last_and_started_from_the_first(
    strategy, failed, stopped, started
):
    assert group(strategy, family("permanent"), failed) == (tuple(stopped), tuple(started))


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_temporary_members_of_a_group_are_stopped_but_not_started(strategy):
    stop, start = group(strategy, family("permanent", "temporary"), "b")
    assert stop == GROUPS[strategy].stop
    assert start == ("b",)


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_transient_members_of_a_group_are_started_even_if_they_had_ended(strategy):
    assert group(strategy, family("permanent", "transient"), "b") == GROUPS[strategy]


@pytest.mark.parametrize(("strategy", "restart"), list(product(STRATEGIES, RESTARTS)))
def test_only_entries_that_can_be_used_again_stay(strategy, restart):
    wanted = strategy != "simple_one_for_one" and restart != "temporary"
    assert stays(strategy, restart) is wanted


SHUTS_DOWN = {
    ("any_significant", True, 0),
    ("any_significant", True, 1),
    ("all_significant", True, 0),
}


@pytest.mark.parametrize(
    ("mode", "significant", "left"), list(product(AUTO_SHUTDOWNS, [True, False], [0, 1]))
)
def test_auto_shutdown_waits_for_any_or_for_the_last_significant_child(mode, significant, left):
    assert shuts_down(mode, significant, left) is ((mode, significant, left) in SHUTS_DOWN)


@pytest.mark.parametrize(
    ("shutdown", "restart", "as_told"),
    [
        (5.0, "permanent", ["shutdown"]),
        (5.0, "transient", ["shutdown", "normal", Shutdown("why")]),
        (5.0, "temporary", ["shutdown", "normal", Shutdown("why")]),
        ("infinity", "permanent", ["shutdown"]),
        ("brutal_kill", "permanent", ["killed"]),
        ("brutal_kill", "transient", ["killed", "shutdown", "normal", Shutdown("why")]),
    ],
)
def test_only_the_end_that_was_asked_for_goes_unreported(
    shutdown: ShutdownTime, restart: Restart, as_told: list[object]
):
    reasons = ["normal", "shutdown", Shutdown("why"), "killed", "boom", "noproc", None, ["killed"]]
    assert [r for r in reasons if stopped_as_told(shutdown, restart, r)] == [
        r for r in reasons if r in as_told
    ]
