"""The codec: pickle, cloudpickle where pickle fails, buffers out of band."""

from __future__ import annotations

import pickle
import threading
from functools import partial

import numpy as np
import pytest

from otp.errors import RemoteTraceback, ServerDied
from otp.terms import Crash, Down, Exit, From, OpaqueException, Pid, Ref, Shutdown, Timeout, Via
from otp.wire.codec import decode, encode, flat
from otp.wire.frame import LIMIT
from otp.wire.plain import plain

ME = Pid(12, "node-1")


def again(value):
    data, buffers = encode(value)
    return decode(data, [bytes(buffer) for buffer in buffers])


class Local:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Local) and other.value == self.value

    __hash__ = None


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -(10**30), 1.5, "text", "\udcff", b"bytes", (), [], {}, {1}, frozenset({1}),
        ("tagged", 1, ["list", {"key": (1, 2)}]), range(3), Ellipsis, 1 + 2j, slice(1, 2),
        ME, Ref(3, ME), From(ME, 4), Down(Ref(3, ME), ME, "normal"), Exit(ME, Shutdown("why")),
        Timeout(), Crash(ValueError("x"), "traceback"), Via("tests.unit", ("key", 1)), Local([1]),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_out_as_an_equal_copy(value) -> None:
    assert again(value) == value
    assert decode(flat(value)) == value


def test_functions_travel_by_value_where_they_have_no_name() -> None:
    n = 40
    assert again(lambda x: x + n)(2) == 42
    assert again(partial(lambda x, y: x * y, 6))(7) == 42


def test_a_class_that_nobody_else_can_import_travels_by_value() -> None:
    class Inner(Local):
        pass

    assert again(Inner(1)).value == 1


def test_what_names_main_travels_by_value() -> None:
    script = {}
    exec("def double(x): return 2 * x", {"__name__": "__main__"}, script)
    data, _ = encode(script["double"])
    assert decode(data)(21) == 42
    assert decode(flat(script["double"]))(21) == 42


def test_large_buffers_leave_the_pickle() -> None:
    array = np.arange(100_000)
    data, buffers = encode(("array", array))
    assert len(data) < 1000
    assert sum(buffer.raw().nbytes for buffer in buffers) == array.nbytes
    assert (again(("array", array))[1] == array).all()


def test_small_buffers_stay_in_the_pickle() -> None:
    data, buffers = encode(np.arange(10))
    assert buffers == []
    assert decode(data).tolist() == list(range(10))


@pytest.mark.parametrize("value", [np.ones(460), {"a": np.ones(200), "b": [np.ones(200)]}])
def test_buffers_that_fit_a_frame_need_no_parcel(value) -> None:
    data, buffers = encode(("put", value))
    assert buffers == []
    assert len(data) <= LIMIT


def test_the_flat_form_has_every_buffer_inside() -> None:
    array = np.arange(100_000)
    assert (decode(flat(array)) == array).all()


@pytest.mark.parametrize("form", [encode, flat])
def test_what_cannot_be_pickled_is_refused_by_name(form) -> None:
    with pytest.raises(pickle.PicklingError, match=r"lock.* cannot be sent to another process"):
        form(("request", threading.Lock()))


@pytest.mark.parametrize("form", [encode, flat])
def test_what_is_nested_too_deep_is_refused(form) -> None:
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RecursionError):
        form(deep)
    while deep:  # or else its end would be as deep
        deep = deep.pop()


@pytest.mark.parametrize("value", [None, 1, "text", b"x", ("a", [1, {"b": (2.0, None)}]), True])
def test_the_kernel_reads_plain_values(value) -> None:
    assert plain(pickle.dumps(value)) == value


@pytest.mark.parametrize("value", [ME, print, ValueError("x"), Local(1), set], ids=repr)
def test_the_kernel_reads_nothing_else(value) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is no plain value"):
        plain(pickle.dumps(value))


class Unloadable(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class Unshowable(Exception):
    def __init__(self):
        self.lock = threading.Lock()

    def __str__(self):
        raise RuntimeError


def test_a_crash_is_picklable_whatever_its_exception() -> None:
    arrived = again(Crash(Unloadable(1, 2), "traceback"))
    assert isinstance(arrived.exception, OpaqueException)
    assert "Unloadable: 1 and 2" in str(arrived.exception)
    assert arrived.traceback == "traceback"
    assert isinstance(again(Crash(Unshowable())).exception, OpaqueException)


def test_an_error_about_a_crash_shows_its_traceback() -> None:
    error = ServerDied("kv", "get", Crash(ValueError("x"), "File over there, line 3"))
    assert isinstance(error.__cause__, ValueError)
    assert isinstance(error.__cause__.__cause__, RemoteTraceback)
    assert "File over there, line 3" in str(error.__cause__.__cause__)


@pytest.mark.parametrize("value", [np.arange(100_000), ("plain", 1)], ids=["buffers", "none"])
def test_an_alarm_that_strikes_while_a_value_is_pickled_is_raised(value) -> None:
    struck = iter([True])

    class Struck(Local):
        def __reduce__(self):
            if next(struck, False):
                raise TimeoutError("alarm")
            return Local, (self.value,)

    with pytest.raises(TimeoutError, match="alarm"):
        encode([value, Struck(1)])


def test_a_lambda_beside_a_large_buffer_travels_by_value_and_the_buffer_beside_it() -> None:
    data, buffers = encode((np.arange(100_000), lambda x: x + 1))
    assert len(data) < 5000
    assert len(buffers) == 1
