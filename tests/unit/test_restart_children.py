"""The ordered entries of a supervisor, without any process."""

from __future__ import annotations

from functools import partial

import pytest

from otp.behaviour.child import ChildInfo, ChildSpec, with_arguments, without_arguments
from otp.behaviour.children import Children
from otp.terms import Pid

PIDS = {id: Pid(number, "test") for number, id in enumerate("abcd", start=1)}
NEW = Pid(9, "test")


def children_of(restart="permanent", strategy="one_for_one", **more):
    children = Children(strategy)
    for id, pid in PIDS.items():
        children.add(ChildSpec(id, dict, restart=restart, **more), pid)
    return children


def shown(children):
    return [(info.id, info.pid) for info in children.info()]


def test_the_last_started_is_shown_first():
    assert [id for id, _ in shown(children_of())] == list("dcba")


def test_a_restarted_child_keeps_its_place():
    children = children_of()
    children.down("b")
    children.started("b", NEW)
    assert shown(children) == [
        *zip("dc", [PIDS["d"], PIDS["c"]], strict=True),
        ("b", NEW),
        ("a", PIDS["a"]),
    ]


def test_a_child_is_found_by_the_process_it_has_now_and_no_other():
    children = children_of()
    children.started("b", NEW)
    assert children.running(NEW).key == "b"
    assert children.running(PIDS["b"]) is None


@pytest.mark.parametrize(
    ("strategy", "restart", "left"),
    [
        ("one_for_one", "permanent", 4),
        ("one_for_one", "transient", 4),
        ("rest_for_one", "temporary", 3),
        ("simple_one_for_one", "permanent", 3),
        ("simple_one_for_one", "transient", 3),
    ],
)
def test_an_entry_without_a_process_stays_if_it_can_be_used_again(strategy, restart, left):
    children = children_of(restart, strategy)
    ended = children.running(PIDS["b"])
    children.ended(ended.key)
    assert len(children) == left
    assert children.running(PIDS["b"]) is None


def test_a_child_whose_restart_failed_is_shown_restarting_until_it_is_started_or_stopped():
    children = children_of()
    children.down("b")
    children.not_restarted("b", PIDS["b"])
    assert children.get("b").process == "restarting"
    assert children.running(PIDS["b"]) is None
    children.started("b", NEW)
    assert children.get("b").process == NEW
    children.not_restarted("b", NEW)
    children.ended("b")
    assert children.get("b").process is None


def test_an_instance_that_is_restarting_is_known_by_its_former_process():
    children = children_of(strategy="simple_one_for_one")
    key = children.running(PIDS["b"]).key
    children.down(key)
    children.not_restarted(key, PIDS["b"])
    assert children.restarting(PIDS["b"]).key == key
    assert children.restarting(PIDS["a"]) is None


def test_instances_have_no_id():
    children = children_of(strategy="simple_one_for_one")
    assert {info.id for info in children.info()} == {None}


def test_a_deleted_child_comes_back_as_the_last():
    children = children_of()
    children.ended("b")
    children.delete("b")
    assert children.find("b") is None
    children.add(ChildSpec("b", dict), NEW)
    assert [id for id, _ in shown(children)] == list("bdca")


def test_none_is_an_id_like_any_other():
    children = Children()
    children.add(ChildSpec(None, dict), NEW)
    assert children.running(PIDS["a"]) is None
    assert children.info() == [ChildInfo(None, NEW, "worker")]


def test_significant_children_are_counted_while_they_run_or_are_about_to():
    children = children_of("transient", significant=True)
    children.ended("a")
    children.down("b")
    children.not_restarted("b", PIDS["b"])
    assert children.significant_left() == 3


def test_the_family_lists_the_restart_types_in_start_order():
    assert list(children_of("transient").family.items()) == [(id, "transient") for id in "abcd"]


def test_arguments_are_added_to_a_template_and_taken_from_what_is_never_started_again():
    template = ChildSpec("t", partial(dict, a=1), restart="temporary", shutdown=2.0)
    spec = with_arguments(template, ([("b", 2)],))
    assert spec.start() == {"a": 1, "b": 2}
    assert (spec.restart, spec.shutdown) == ("temporary", 2.0)
    assert without_arguments(spec).start is dict
    assert with_arguments(template, ()) is template
