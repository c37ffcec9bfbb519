"""A wrong specification or flag is refused where it stands, by name, value and what is allowed."""

from __future__ import annotations

import pickle
from functools import partial
from math import inf, nan

import pytest

from otp import supervisor
from otp.behaviour.child import check_specs
from otp.behaviour.supervisor_flags import Flags
from otp.supervisor import ChildSpec
from otp.terms import Pid

START = partial(dict, a=1)


def test_a_worker_is_permanent_and_has_five_seconds():
    spec = ChildSpec("a", START)
    assert (spec.restart, spec.shutdown, spec.kind, spec.significant) == (
        "permanent",
        5.0,
        "worker",
        False,
    )


def test_a_supervisor_has_all_the_time_it_needs_for_its_children():
    assert ChildSpec("a", START, kind="supervisor").shutdown == "infinity"
    assert ChildSpec("a", START, kind="supervisor", shutdown=2.0).shutdown == 2.0


@pytest.mark.parametrize("shutdown", [0, 0.0, 1, 2.5, "infinity", "brutal_kill"])
def test_a_shutdown_is_seconds_or_one_of_two_words(shutdown):
    assert ChildSpec("a", START, shutdown=shutdown).shutdown == shutdown


@pytest.mark.parametrize("id", ["a", ("a", 1), 7, None, Pid(3, "test")])
def test_any_hashable_value_is_an_id(id):
    assert ChildSpec(id, START).id == id


def test_a_specification_travels():
    spec = ChildSpec("a", START, shutdown="brutal_kill")
    copy = pickle.loads(pickle.dumps(spec))
    assert copy.start() == {"a": 1}
    assert copy.shutdown == "brutal_kill"


WORDS = "must be 'permanent', 'transient' or 'temporary'"
SECONDS = "must be seconds of at least 0, 'brutal_kill' or 'infinity'"
BAD_SPECS = [
    ({"restart": "sometimes"}, ValueError, f"restart {WORDS}, got 'sometimes'"),
    ({"restart": None}, TypeError, f"restart {WORDS}, got None"),
    ({"restart": ["permanent"]}, TypeError, f"restart {WORDS}"),
    ({"kind": "helper"}, ValueError, "kind must be 'worker' or 'supervisor', got 'helper'"),
    ({"kind": 1}, TypeError, "kind must be 'worker' or 'supervisor', got 1"),
    ({"shutdown": -5}, ValueError, f"shutdown {SECONDS}, got -5"),
    ({"shutdown": "soon"}, ValueError, f"shutdown {SECONDS}, got 'soon'"),
    ({"shutdown": None}, TypeError, f"shutdown {SECONDS}, got None"),
    ({"shutdown": True}, TypeError, f"shutdown {SECONDS}, got True"),
    ({"shutdown": inf}, ValueError, f"shutdown {SECONDS}, got inf"),
    ({"shutdown": nan}, ValueError, f"shutdown {SECONDS}, got nan"),
    ({"significant": "yes"}, TypeError, "significant must be True or False, got 'yes'"),
    ({"significant": 1, "restart": "transient"}, TypeError, "significant must be True or False"),
    ({"significant": True}, ValueError, "significant=True must go with restart='transient'"),
    ({"start": "kv"}, TypeError, "start must be a callable that starts it"),
    ({"start": None}, TypeError, "start must be a callable that starts it"),
    ({"start": Pid(3, "test")}, TypeError, "looks like what kv.start_link"),
    ({"id": ["a"]}, TypeError, "id must be hashable, got a list"),
    ({"id": ("a", [])}, TypeError, "id must be hashable, got a tuple"),
]


@pytest.mark.parametrize(("fields", "error", "says"), BAD_SPECS, ids=repr)
def test_a_bad_specification_is_refused_by_field_value_and_what_is_allowed(fields, error, says):
    fields = {"id": "kv", "start": START, **fields}
    with pytest.raises(error) as raised:
        ChildSpec(**fields)
    assert says in str(raised.value)
    assert f"child {fields['id']!r}: " in str(raised.value)


STRATEGY = "strategy must be 'one_for_one', 'one_for_all', 'rest_for_one' or 'simple_one_for_one'"
INTENSITY = "intensity must be a whole number of at least 0"
PERIOD = "period must be seconds of more than 0"
MODES = "auto_shutdown must be 'never', 'any_significant' or 'all_significant'"
BAD_FLAGS = [
    ({"strategy": "two_for_one"}, ValueError, f"{STRATEGY}, got 'two_for_one'"),
    ({"strategy": None}, TypeError, f"{STRATEGY}, got None"),
    ({"intensity": -1}, ValueError, f"{INTENSITY}, got -1"),
    ({"intensity": 1.0}, TypeError, f"{INTENSITY}, got 1.0"),
    ({"intensity": True}, TypeError, f"{INTENSITY}, got True"),
    ({"period": 0}, ValueError, f"{PERIOD}, got 0"),
    ({"period": -1.0}, ValueError, f"{PERIOD}, got -1.0"),
    ({"period": "5"}, TypeError, f"{PERIOD}, got '5'"),
    ({"period": None}, TypeError, f"{PERIOD}, got None"),
    ({"period": nan}, ValueError, f"{PERIOD}, got nan"),
    ({"period": inf}, ValueError, f"{PERIOD}, got inf"),
    ({"auto_shutdown": "maybe_later"}, ValueError, f"{MODES}, got 'maybe_later'"),
    ({"auto_shutdown": False}, TypeError, f"{MODES}, got False"),
    (
        {"strategy": "simple_one_for_one", "auto_shutdown": "any_significant"},
        ValueError,
        "auto_shutdown must be 'never' with strategy='simple_one_for_one'",
    ),
]


@pytest.mark.parametrize(("flags", "error", "says"), BAD_FLAGS, ids=repr)
def test_a_bad_flag_is_refused_in_the_caller(flags, error, says):
    with pytest.raises(error) as raised:
        supervisor.start_link([ChildSpec("a", START)], **flags)
    assert says in str(raised.value)


def test_flags_have_the_defaults_of_otp():
    assert Flags() == Flags("one_for_one", 1, 5.0, "never")


A, B = ChildSpec("a", START), ChildSpec("b", START)
SIGNIFICANT = ChildSpec("s", START, restart="transient", significant=True)
BAD_LISTS = [
    (A, {}, TypeError, "children must be a list of ChildSpec"),
    (None, {}, TypeError, "children must be a list of ChildSpec, got None"),
    ("", {}, TypeError, "children must be a list of ChildSpec, got ''"),
    ({}, {}, TypeError, "children must be a list of ChildSpec, got {}"),
    ([A, "b"], {}, TypeError, "children must hold ChildSpec only, got 'b'"),
    ([A, {"id": "b"}], {}, TypeError, "children must hold ChildSpec only, got {'id': 'b'}"),
    ("ab", {}, TypeError, "children must be a list of ChildSpec, got 'ab'"),
    ([A, B, A], {}, ValueError, "children: id must be unique, got 'a' 2 times"),
    ([SIGNIFICANT], {}, ValueError, "child 's': significant=True must go with a supervisor whose"),
    ([], {"strategy": "simple_one_for_one"}, ValueError, "exactly one ChildSpec, the template"),
    ([A, B], {"strategy": "simple_one_for_one"}, ValueError, "got 2"),
]


@pytest.mark.parametrize(("children", "flags", "error", "says"), BAD_LISTS, ids=repr)
def test_a_bad_list_of_children_is_refused_in_the_caller(children, flags, error, says):
    with pytest.raises(error) as raised:
        supervisor.start_link(children, **flags)
    assert says in str(raised.value)


def test_specifications_may_come_from_a_generator():
    assert check_specs((spec for spec in (A, B)), "never") == (A, B)


def test_check_childspecs_starts_nothing():
    supervisor.check_childspecs([A, B])
    supervisor.check_childspecs([SIGNIFICANT])
    supervisor.check_childspecs([SIGNIFICANT], "all_significant")
    with pytest.raises(ValueError, match="significant=True"):
        supervisor.check_childspecs([SIGNIFICANT], "never")
    with pytest.raises(ValueError, match="must be unique"):
        supervisor.check_childspecs([A, A])
    with pytest.raises(ValueError, match="auto_shutdown must be"):
        supervisor.check_childspecs([A], "later")


@pytest.mark.parametrize("child", ["a", None, {"id": "a"}, {A}, Pid(3, "test")], ids=repr)
def test_start_child_takes_a_specification_or_arguments(child):
    with pytest.raises(TypeError, match="child must be a ChildSpec, or a list or tuple"):
        supervisor.start_child("nobody", child)


@pytest.mark.parametrize(
    "function",
    [
        supervisor.terminate_child,
        supervisor.restart_child,
        supervisor.delete_child,
        supervisor.get_child_spec,
    ],
)
def test_what_cannot_be_an_id_is_refused_in_the_caller(function):
    with pytest.raises(TypeError, match="unhashable"):
        function("nobody", ["a"])
