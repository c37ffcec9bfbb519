"""What a supervisor does about a child that has ended: decided here, done elsewhere.

Nothing in this file starts or stops a process, writes a log or looks at a clock.

    restart      ended "normal", "shutdown", Shutdown(why)    ended otherwise, "killed" too
    permanent    restarted, reported                          restarted, reported
    transient    stays in the list without a process          restarted, reported
    temporary    leaves the list                              leaves the list, reported

Whom a restart takes along:

    one_for_one, simple_one_for_one    nobody
    one_for_all                        all children
    rest_for_one                       those that stand after it in start order

They are stopped from the last to the first, then all are started from the first to the last. A
temporary one among them is stopped and forgotten, for it is never started a second time.

>>> family = {"db": "permanent", "cache": "temporary", "web": "permanent"}
>>> decide("rest_for_one", family, "db", reason="killed")
Decision(reported=True, restart=Group(stop=('web', 'cache'), start=('db', 'web')), stays=True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import floor
from typing import Any, NamedTuple

from otp.behaviour.child import Restart, ShutdownTime
from otp.behaviour.supervisor_flags import AutoShutdown, Strategy
from otp.terms import is_orderly


class Group(NamedTuple):
    """Who is stopped, last first, and who is then started, first first."""

    stop: tuple[Any, ...]
    start: tuple[Any, ...]


class Decision(NamedTuple):
    """`restart` is None if the child is not restarted; `stays` tells whether its entry does."""

    reported: bool
    restart: Group | None
    stays: bool


def decide(strategy: Strategy, family: Mapping[Any, Restart], ended: Any, reason: Any) -> Decision:
    """What to do after the child `ended` has ended. `family` is all children in start order."""
    restart = family[ended]
    reported = restart == "permanent" or not is_orderly(reason)
    if restart == "temporary" or not reported:
        return Decision(reported, None, stays(strategy, restart))
    return Decision(reported, group(strategy, family, ended), True)


def stays(strategy: Strategy, restart: Restart) -> bool:
    """Whether a child that ends for good, or is stopped, keeps its entry.

    >>> stays("one_for_one", "transient"), stays("one_for_one", "temporary")
    (True, False)
    """
    return restart != "temporary" and strategy != "simple_one_for_one"


def group(strategy: Strategy, family: Mapping[Any, Restart], failed: Any) -> Group:
    """Who is restarted together with the child `failed`, which has no process any more.

    >>> group("one_for_all", {"a": "permanent", "b": "permanent", "c": "transient"}, "b")
    Group(stop=('c', 'a'), start=('a', 'b', 'c'))
    """
    members = _members(strategy, list(family), failed)
    stop = tuple(key for key in reversed(members) if key != failed)
    return Group(stop, tuple(key for key in members if family[key] != "temporary"))


def add_restart(restarts: Iterable[int], now: float, period: float) -> tuple[int, ...]:
    """The restarts that count at `now`, with one more: whole seconds of a monotonic clock.

    As in OTP a restart counts while its second is not before ``now - period``, so that the
    effective window is up to a second longer than the period.

    >>> add_restart((10, 4, 3), now=10.9, period=6)
    (10, 10, 4)
    """
    second = floor(now)
    return (second, *(then for then in restarts if then >= second - period))


def too_many(restarts: tuple[int, ...], intensity: int) -> bool:
    """Whether the supervisor gives up.

    >>> too_many((10, 10), intensity=2), too_many((10, 10, 4), intensity=2)
    (False, True)
    """
    return len(restarts) > intensity


def shuts_down(mode: AutoShutdown, significant: bool, significant_left: int) -> bool:
    """Whether the supervisor ends itself, now that a child has ended for good.

    >>> shuts_down("all_significant", significant=True, significant_left=1)
    False
    """
    return significant and (
        mode == "any_significant" or (mode == "all_significant" and not significant_left)
    )


def stopped_as_told(shutdown: ShutdownTime, restart: Restart, reason: Any) -> bool:
    """Whether a child that was told to stop ended as one expects; if not, that is reported.

    >>> stopped_as_told(5.0, "permanent", "shutdown"), stopped_as_told(5.0, "permanent", "killed")
    (True, False)
    """
    wanted = "killed" if shutdown == "brutal_kill" else "shutdown"
    if isinstance(reason, str) and reason == wanted:
        return True
    return restart != "permanent" and is_orderly(reason)


def _members(strategy: Strategy, keys: list[Any], failed: Any) -> list[Any]:
    match strategy:
        case "one_for_all":
            return keys
        case "rest_for_one":
            return keys[keys.index(failed) :]
        case _:
            return [failed]
