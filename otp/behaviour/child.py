"""What a supervisor is told about a child, and what it tells about one.

A specification is checked where it is made, so that a mistake shows in the line that holds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from otp.errors import shorten
from otp.terms import Pid

Restart: TypeAlias = Literal["permanent", "transient", "temporary"]
Kind: TypeAlias = Literal["worker", "supervisor"]
ShutdownTime: TypeAlias = float | Literal["brutal_kill", "infinity"]

RESTARTS = ("permanent", "transient", "temporary")
KINDS = ("worker", "supervisor")


class _ByKind:
    def __repr__(self) -> str:
        return "<5.0, or 'infinity' for a supervisor>"


BY_KIND: Any = _ByKind()


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How one child is started, stopped and restarted (OTP's ``child_spec()``).

    `id`            any hashable value, unique among the children of the supervisor
    `start`         a callable that starts a process, links it to its caller and returns its pid,
                    such as ``partial(kv.start_link, {}, name="kv")``. It runs in the supervisor,
                    at every start anew. It may return ``(pid, info)``, raise `Ignored` for a child
                    that chooses not to run, or `StartError` for one that cannot
    `restart`       "permanent": always; "transient": unless it ended with "normal", "shutdown" or
                    `Shutdown(why)`; "temporary": never, and then its entry goes too
    `shutdown`      how it is stopped: the seconds it has after the exit signal "shutdown" until it
                    is killed, "infinity", or "brutal_kill" for killing it at once. 5.0 unless
                    given, "infinity" for a supervisor, so that it can stop its own children. A
                    child that is still starting when its supervisor is told to end has as long
    `kind`          "worker" or "supervisor"
    `significant`   whether its end counts for the supervisor's `auto_shutdown`

    Raises TypeError or ValueError that names the field, the value and what is allowed.

    >>> ChildSpec("kv", dict, restart="sometimes")
    Traceback (most recent call last):
    ...
    ValueError: child 'kv': restart must be 'permanent', 'transient' or 'temporary', got 'sometimes'
    """

    id: Any
    start: Callable[[], Any]
    restart: Restart = "permanent"
    shutdown: ShutdownTime = BY_KIND
    kind: Kind = "worker"
    significant: bool = False

    def __post_init__(self) -> None:
        of = f"child {shorten(self.id)}"
        _check_id(of, self.id)
        _check_start(of, self.start)
        one_of(f"{of}: restart", self.restart, RESTARTS)
        one_of(f"{of}: kind", self.kind, KINDS)
        if self.shutdown is BY_KIND:
            default = "infinity" if self.kind == "supervisor" else 5.0
            object.__setattr__(self, "shutdown", default)
        _check_shutdown(of, self.shutdown)
        if not isinstance(self.significant, bool):
            raise TypeError(
                f"{of}: significant must be True or False, got {shorten(self.significant)}"
            )
        if self.significant and self.restart == "permanent":
            raise ValueError(
                f"{of}: significant=True must go with restart='transient' or 'temporary', "
                "for a permanent child never ends for good"
            )


class ChildInfo(NamedTuple):
    """One line of `which_children`: `pid` is None while there is no process."""

    id: Any
    pid: Pid | Literal["restarting"] | None
    kind: Kind


_NO_LISTS: Final = (ChildSpec, str, bytes, Mapping)


def check_specs(children: Iterable[ChildSpec], auto_shutdown: str | None) -> tuple[ChildSpec, ...]:
    """The specifications as a tuple, if they can live under one supervisor."""
    if isinstance(children, _NO_LISTS) or not isinstance(children, Iterable):
        raise TypeError(f"children must be a list of ChildSpec, got {shorten(children)}")
    specs = tuple(children)
    for spec in specs:
        if not isinstance(spec, ChildSpec):
            raise TypeError(f"children must hold ChildSpec only, got {shorten(spec)}")
        if auto_shutdown is not None:
            check_significant(spec, auto_shutdown)
    for id, count in Counter(spec.id for spec in specs).items():
        if count > 1:
            raise ValueError(f"children: id must be unique, got {shorten(id)} {count} times")
    return specs


def check_significant(spec: ChildSpec, auto_shutdown: str) -> None:
    if spec.significant and auto_shutdown == "never":
        raise ValueError(
            f"child {shorten(spec.id)}: significant=True must go with a supervisor whose "
            "auto_shutdown is 'any_significant' or 'all_significant', here it is 'never'"
        )


def with_arguments(spec: ChildSpec, arguments: tuple[Any, ...]) -> ChildSpec:
    """The template of a simple_one_for_one supervisor with the arguments of one child."""
    return _starting(spec, partial(spec.start, *arguments)) if arguments else spec


def without_arguments(spec: ChildSpec) -> ChildSpec:
    """What is kept of a temporary child: it is never started again, so why hold what it got."""
    return _starting(spec, spec.start.func) if isinstance(spec.start, partial) else spec


def one_of(field: str, value: object, allowed: tuple[str, ...]) -> None:
    """Refuse a word that is not among those allowed."""
    if isinstance(value, str) and value in allowed:
        return
    *most, last = map(repr, allowed)
    error = ValueError if isinstance(value, str) else TypeError
    raise error(f"{field} must be {', '.join(most)} or {last}, got {shorten(value)}")


def _starting(spec: ChildSpec, start: Callable[[], Any]) -> ChildSpec:
    return ChildSpec(spec.id, start, spec.restart, spec.shutdown, spec.kind, spec.significant)


def _check_id(of: str, id: object) -> None:
    try:
        hash(id)
    except TypeError as error:
        raise TypeError(f"{of}: id must be hashable, got a {type(id).__name__}") from error


def _check_start(of: str, start: object) -> None:
    if callable(start):
        return
    raise TypeError(
        f"{of}: start must be a callable that starts it, as partial(kv.start_link, {{}}), "
        f"got {shorten(start)}" + _was_called(start)
    )


def _was_called(start: object) -> str:
    return ", which looks like what kv.start_link({}) returned" if isinstance(start, Pid) else ""


def _check_shutdown(of: str, shutdown: object) -> None:
    wants = (
        f"{of}: shutdown must be seconds of at least 0, 'brutal_kill' or 'infinity', "
        f"got {shorten(shutdown)}"
    )
    if isinstance(shutdown, str):
        if shutdown not in ("brutal_kill", "infinity"):
            raise ValueError(wants)
    elif isinstance(shutdown, bool) or not isinstance(shutdown, int | float):
        raise TypeError(wants)
    elif not (isfinite(shutdown) and shutdown >= 0):
        raise ValueError(wants)
