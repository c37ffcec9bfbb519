"""Keeps processes alive: starts them in order, restarts those that fail, stops them in reverse.

A supervisor is a process without code of your own: you hand it a list of `ChildSpec` and say what
holds for all of them.

    strategy        when a child is restarted
      "one_for_one"           nobody else is touched
      "one_for_all"           all other children are stopped, and all are started again
      "rest_for_one"          the same with those that were started after it
      "simple_one_for_one"    children come from one template, by `start_child` alone
    intensity       how many restarts are allowed within `period` seconds; with one more the
                    supervisor stops its children and ends with "shutdown". A restart is made at
                    once; one that fails is tried again at once, and every try counts
    auto_shutdown   "any_significant" or "all_significant": it does the same once any, or the last,
                    of its significant children has ended by itself and is not restarted

A whole program. The store is killed as by ``kill -9``, and the name answers again:

>>> from functools import partial
>>> from otp import gen_server, process, supervisor
>>> from otp.examples import kv_store
>>> from otp.supervisor import ChildSpec
>>> from otp.terms import Down
>>> top = supervisor.start_link(
...     [
...         ChildSpec("store", partial(kv_store.start_link, name="shop_store")),
...         ChildSpec("orders", partial(supervisor.start_link, []), kind="supervisor"),
...     ],
...     strategy="rest_for_one",
...     intensity=3,
... )
>>> kv_store.put("apples", 3, store="shop_store")
'ok'
>>> store = process.whereis("shop_store")
>>> ref = process.monitor(store)
>>> process.exit(store, "kill")
>>> process.receive(lambda message: message == Down(ref, store, "killed")).reason
'killed'
>>> [(child.id, child.kind) for child in supervisor.which_children(top)]
[('orders', 'supervisor'), ('store', 'worker')]
>>> kv_store.get("apples", store="shop_store")
>>> process.whereis("shop_store") == store
False
>>> supervisor.stop(top)

All functions that take a supervisor raise `NoProcess` if there is none, and wait without limit.
Where OTP answers ``{error, Reason}`` they raise `SupervisorError` with that reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from pickle import PicklingError
from typing import Any, TypeAlias

from otp import gen_server
from otp.behaviour import serving
from otp.behaviour.child import ChildInfo, ChildSpec, check_specs, one_of
from otp.behaviour.supervising import Setup, Supervisor
from otp.behaviour.supervisor_flags import (
    AUTO_SHUTDOWNS,
    AutoShutdown,
    Flags,
    Strategy,
    check_count,
)
from otp.errors import SupervisorError, shorten
from otp.runtime import starting
from otp.terms import Pid, Server
from otp.wire.codec import flat

__all__ = [
    "ChildInfo",
    "ChildSpec",
    "check_childspecs",
    "count_children",
    "delete_child",
    "get_child_spec",
    "restart_child",
    "start_child",
    "start_link",
    "stop",
    "terminate_child",
    "which_children",
]

StartResult: TypeAlias = Pid | tuple[Pid, Any] | None


def start_link(
    children: Iterable[ChildSpec],
    *,
    strategy: Strategy = "one_for_one",
    intensity: int = 1,
    period: float = 5.0,
    auto_shutdown: AutoShutdown = "never",
    name: Server | None = None,
) -> Pid:
    """Start a supervisor linked to the caller, and its children in the order given.

    `period` is in seconds, counted in whole ones. Returns when the last child has started. OTP's
    ``supervisor:start_link/2,3``; there is no callback module, for `children` and flags are data.

    Raises TypeError or ValueError for what is wrong with the arguments, `pickle.PicklingError` for
    a start callable that cannot be sent, `AlreadyStarted` if the name is taken, and `StartError`
    with ``Shutdown(("failed_to_start_child", id, reason))`` if a child does not start: those before
    it were stopped again.
    """
    flags = Flags(strategy, intensity, period, auto_shutdown)
    specs = check_specs(children, auto_shutdown)
    check_count(specs, flags)
    how = starting.Start(
        serving.begin, (Supervisor, Setup(name, flags, specs), True, None), Supervisor.__name__,
        Supervisor.__module__, name, link=True, patience=None,
        call=serving.initial_call(Supervisor),
    )  # fmt: skip
    try:
        return starting.start(how).pid
    except PicklingError as error:
        _name_what_cannot_be_sent(error, specs)
        raise


def start_child(sup: Server, child: ChildSpec | list[Any] | tuple[Any, ...]) -> StartResult:
    """Add a child, the last in start order, and start it (OTP's ``start_child/2``).

    Of a simple_one_for_one supervisor `child` is a list or tuple of further arguments for the start
    callable of its template. Returns the pid, or ``(pid, info)`` if that is what the start callable
    returned, or None if the child ignored its start; its entry stays unless it is temporary.

    Refused with ``("already_started", pid)``, also if it is the child's name that is taken,
    "already_present", or ``(reason, spec)`` if it did not start; simple_one_for_one: `reason`.
    """
    if not isinstance(child, ChildSpec | list | tuple):
        raise TypeError(
            "child must be a ChildSpec, or a list or tuple of arguments for the template of a "
            f"simple_one_for_one supervisor, got {shorten(child)}"
        )
    try:
        started: StartResult = _ask(sup, ("start_child", child))
    except PicklingError as error:
        _name_what_cannot_be_sent(error, [child] if isinstance(child, ChildSpec) else [])
        raise
    return started


def terminate_child(sup: Server, id: Any) -> None:
    """Stop a child on purpose: it is not restarted, and that is no restart to be counted.

    It is dead when this returns. Its entry stays, for `restart_child`, unless it is temporary. Of a
    simple_one_for_one supervisor `id` is the pid. Refused with "not_found", "simple_one_for_one".
    """
    _ask(sup, ("terminate_child", _hashable(id)))


def restart_child(sup: Server, id: Any) -> StartResult:
    """Start a child again that has ended, or was stopped; returns as `start_child`.

    Refused with "running", "restarting", "not_found", "simple_one_for_one", or the reason why it
    did not start.
    """
    started: StartResult = _ask(sup, ("restart_child", _hashable(id)))
    return started


def delete_child(sup: Server, id: Any) -> None:
    """Forget a child that does not run.

    Refused with "running", "restarting", "not_found", "simple_one_for_one".
    """
    _ask(sup, ("delete_child", _hashable(id)))


def get_child_spec(sup: Server, id: Any) -> ChildSpec:
    """The specification of a child, by its id or, of simple_one_for_one, its pid.

    The start callable of a temporary child that was added later comes without its arguments, for
    they are not kept (OTP's ``get_childspec/2``). Refused with "not_found".
    """
    spec: ChildSpec = _ask(sup, ("get_child_spec", _hashable(id)))
    return spec


def which_children(sup: Server) -> list[ChildInfo]:
    """All children, the last started first; under simple_one_for_one each `id` is None."""
    children: list[ChildInfo] = _ask(sup, "which_children")
    return children


def count_children(sup: Server) -> dict[str, int]:
    """How many entries ("specs", "supervisors", "workers") and live processes ("active")."""
    counts: dict[str, int] = _ask(sup, "count_children")
    return counts


def stop(sup: Server, reason: Any = "normal", timeout: float | None = None) -> None:
    """Stop a supervisor and all below it; returns when it is dead, raises as `gen_server.stop`."""
    gen_server.stop(sup, reason, timeout)


def check_childspecs(
    children: Iterable[ChildSpec], auto_shutdown: AutoShutdown | None = None
) -> None:
    """Check a list of specifications, with `auto_shutdown` for a supervisor of that kind.

    Starts nothing. Raises TypeError or ValueError (OTP's ``check_childspecs/1,2``).
    """
    if auto_shutdown is not None:
        one_of("auto_shutdown", auto_shutdown, AUTO_SHUTDOWNS)
    check_specs(children, auto_shutdown)


def _ask(sup: Server, request: Any) -> Any:
    said, value = gen_server.call(sup, request, timeout=None)
    if said == "error":
        raise SupervisorError(value)
    if said == "bad":
        raise value
    return value


def _name_what_cannot_be_sent(error: PicklingError, specs: Iterable[ChildSpec]) -> None:
    """A start callable that cannot be pickled is one of many things on the way: say which."""
    for spec in specs:
        try:
            flat(spec)
        except PicklingError:
            error.add_note(f"it is part of child {shorten(spec.id)}")


def _hashable(id: Any) -> Any:
    hash(id)  # a TypeError here and now, for such an id there cannot be
    return id
