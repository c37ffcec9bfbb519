"""What arguments must be: at once, in the caller, naming the value and what is allowed."""

from __future__ import annotations

from math import isnan
from time import monotonic
from typing import Final

from otp.terms import Pid, Ref

_EVER: Final = 1e300  # seconds; an int may be more than a float can be


def seconds(value: float | None, what: str) -> float | None:
    """A time span: a number from 0 on; None is for ever."""
    return None if value is None else span(value, what)


def span(value: float, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what} is to be a number of seconds, not {value!r}")
    value = min(value, _EVER)
    if value < 0 or isnan(value):
        raise ValueError(f"{what} is to be 0 seconds or more, not {value!r}")
    return float(value)


def deadline(timeout: float | None, what: str = "timeout") -> float | None:
    """When a wait that begins now is over, in monotonic time."""
    if timeout is None:
        return None
    if type(timeout) is float and timeout >= 0.0:
        return monotonic() + timeout
    return monotonic() + span(timeout, what)


def one_of(value: object, allowed: tuple[str, ...], what: str) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{what} is to be one of {', '.join(map(repr, allowed))}, not {value!r}")


def pid(value: object) -> Pid:
    if not isinstance(value, Pid):
        raise TypeError(f"this takes a Pid, not {value!r}; process.whereis(name) gives one")
    return value


def ref(value: object) -> Ref:
    if not isinstance(value, Ref):
        raise TypeError(f"this takes the Ref that monitor or a timer returned, not {value!r}")
    return value


def name(value: object) -> str:
    """A name for a process: any string but the empty one and "undefined"."""
    if not isinstance(value, str):
        raise TypeError(f"a name is a str, not {value!r}")
    if value in ("", "undefined"):
        raise ValueError(f"{value!r} cannot be the name of a process")
    return str.__str__(value)
