"""Values and exceptions that raise when they are shown, sent or loaded: the words survive them."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

import pytest

from otp import errors
from otp.errors import ProcessExit, shorten
from otp.runtime.reasons import is_reason, pack_reason, reason_of, traceback_of, unpack_reason
from otp.system import SystemError
from otp.terms import Crash, ExitStatus, OpaqueException, Shutdown, shown
from tests.servers.awkward import Faceless, Unshowable

RAISES = pytest.mark.parametrize(
    "raises", [ValueError, RecursionError, SystemExit, KeyboardInterrupt, GeneratorExit]
)


class Unsendable(Exception):
    """Raises what it is told when it is sent, or when it is loaded."""

    def __init__(self, raises: type[BaseException], *, loading: bool = False) -> None:
        super().__init__(raises)
        self.raises, self.loading = raises, loading

    def __reduce__(self) -> Any:
        if not self.loading:
            raise self.raises
        return refuse, (self.raises,)


def refuse(raises: type[BaseException]) -> None:
    raise raises


# ---- shown


@RAISES
def test_a_value_that_cannot_be_shown_says_what_it_is(raises) -> None:
    said = f"<Unshowable whose repr raises {raises.__name__}>"
    assert shown(Unshowable(raises)) == shorten(Unshowable(raises)) == said
    assert shown(("bad", Unshowable(raises))) == f"('bad', {said})"
    assert shown([Unshowable(raises)]) == f"<list whose repr raises {raises.__name__}>"


def test_an_exit_is_not_held_up_by_a_value_that_is_shown() -> None:
    with pytest.raises(ProcessExit):
        shorten(Unshowable(ProcessExit))


ERRORS = [
    (lambda bad: errors.CallError(bad, bad, bad), "no reply from {0} to {0}: {0}"),
    (lambda bad: errors.NoProcess(bad, bad), "no process {0} to answer {0}"),
    (lambda bad: errors.ServerDied(bad, bad, bad), "{0} died before it answered {0}: {0}"),
    (lambda bad: errors.CallTimeout(bad, bad), "no reply from {0} to {0} in time"),
    (lambda bad: errors.BadRequest(bad, bad, bad), "{0} cannot read {0}: {0}"),
    (errors.StartError, "not started: {0}"),
    (errors.SupervisorError, "the supervisor refused: {0}"),
    (errors.BadReturn, "a callback returned {0}, which is none of its results"),
    (errors.ProcessExit, "<Unshowable whose str raises {1}>"),
    (SystemError, "<Unshowable whose str raises {1}>"),
]


@RAISES
@pytest.mark.parametrize(("error", "text"), ERRORS)
def test_errors_have_a_text(error, text: str, raises) -> None:
    bad = Unshowable(raises)
    assert str(error(bad)) == text.format(shown(bad), raises.__name__)


def test_a_call_that_timed_out_says_after_how_long_wherever_it_is_read() -> None:
    error = errors.CallTimeout("kv", ("get", 1), seconds=5.0)
    read = pickle.loads(pickle.dumps(error))
    assert str(error) == str(read) == "no reply from 'kv' to ('get', 1) within 5.0 s"
    assert (read.server, read.request, read.reason) == ("kv", ("get", 1), "timeout")
    old = pickle.loads(pickle.dumps(errors.CallTimeout("kv", "get", "late")))
    assert (str(old), old.reason) == ("no reply from 'kv' to 'get' in time", "late")


# ---- crashes


@RAISES
def test_a_crash_is_shown_compared_and_sent(raises) -> None:
    crash = Crash(Faceless(raises))
    assert repr(crash) == f"Crash(<Faceless whose repr raises {raises.__name__}>)"
    assert crash == Crash(Faceless(raises))
    assert crash != Crash(Faceless(MemoryError))
    assert pickle.loads(pickle.dumps(crash)) == crash
    assert str(errors.ServerDied("kv", "get", crash)).endswith(repr(crash))


@RAISES
@pytest.mark.parametrize("loading", [False, True])
def test_a_crash_whose_exception_cannot_travel_arrives_as_its_text(raises, loading: bool) -> None:
    crash = Crash(Unsendable(raises, loading=loading))
    exception = pickle.loads(pickle.dumps(crash)).exception
    assert isinstance(exception, OpaqueException)
    assert str(exception).startswith(f"{__name__}.Unsendable: ")


class Talkative(Exception):
    """Takes two arguments and keeps one."""

    def __init__(self, sensor: str, degrees: int) -> None:
        super().__init__(f"{sensor}: {degrees} degrees")
        self.degrees = degrees


class Whole(Talkative):
    def __reduce__(self) -> Any:
        return Whole, (*str(self).split(":")[:1], self.degrees)


def test_an_exception_of_other_arguments_tells_how_it_is_made_or_arrives_as_its_text() -> None:
    told = pickle.loads(pickle.dumps(Crash(Talkative("oven", 300)))).exception
    assert isinstance(told, OpaqueException)
    assert str(told) == f"{__name__}.Talkative: oven: 300 degrees"
    whole = Crash(Whole("oven", 300))
    assert pickle.loads(pickle.dumps(whole)) == whole


class Disguised(Exception):
    def __reduce__(self) -> Any:
        return str, ("no exception at all",)


def test_what_arrives_in_a_crash_is_an_exception() -> None:
    crash = pickle.loads(pickle.dumps(Crash(Disguised(), "a traceback")))
    assert isinstance(crash.exception, OpaqueException)
    assert errors.ServerDied("kv", "get", crash).__cause__ is crash.exception


@dataclass(frozen=True)
class Frozen(Exception):
    code: int


def test_a_cause_is_given_to_an_exception_that_cannot_be_changed() -> None:
    died = errors.ServerDied("kv", "get", Crash(Frozen(3), "a traceback"))
    assert died.__cause__ == Frozen(3)
    assert "a traceback" in str(died.__cause__.__cause__)


def test_a_crash_is_found_in_a_reason_however_deep_it_is() -> None:
    reason: Any = Crash(ValueError("deep"))
    for _ in range(100_000):
        reason = ("because", Shutdown(reason))
    assert isinstance(errors.StartError(reason).__cause__, ValueError)


# ---- reasons


@RAISES
def test_a_reason_is_told_whatever_it_does(raises) -> None:
    assert unpack_reason(pack_reason(Unshowable(raises))) == Unshowable(raises)
    told = unpack_reason(pack_reason(("bad", Unsendable(raises))))
    assert told[0] == "bad"
    assert told[1].startswith("Unsendable(")


class Moody(Exception):
    """Its notes, which a traceback shows, cannot be read."""

    @property
    def __notes__(self) -> Any:
        raise KeyboardInterrupt


def test_the_traceback_of_an_exception_that_cannot_be_shown_is_its_frames() -> None:
    try:
        raise Moody
    except Moody as moody:
        crash = reason_of(moody)
    assert "raise Moody" in crash.traceback
    assert crash.traceback.endswith("Moody()\n")


class Equal:
    """Compares as no value should."""

    def __eq__(self, other: object) -> bool:
        raise SystemExit

    def __hash__(self) -> int:
        return 0


def test_a_status_is_told_without_being_compared() -> None:
    assert reason_of(SystemExit(0)) == reason_of(SystemExit()) == "normal"
    assert reason_of(SystemExit(3)) == ExitStatus(3)
    assert isinstance(reason_of(SystemExit(Equal())), Crash)


def test_a_reason_that_cannot_be_compared_is_another_one() -> None:
    assert not is_reason(pack_reason(Equal()), "normal")


def test_a_traceback_leaves_out_what_is_said_at_length() -> None:
    def fails() -> None:
        raise ValueError("begin" + "x" * 1_000_000 + "end")

    with pytest.raises(ValueError, match="begin") as caught:
        fails()
    text = traceback_of(caught.value)
    assert len(text) < 30_000
    assert "in fails" in text
    assert text.rstrip().endswith("end")


def test_the_repr_of_an_error_is_as_short_as_its_text() -> None:
    error = errors.CallTimeout("kv", bytes(100_000), seconds=5.0)
    assert repr(error) == f"CallTimeout({error})"
    assert len(repr(error)) < 1000
