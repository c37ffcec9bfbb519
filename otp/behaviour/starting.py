"""Running the start callable of a child, and reading what comes of it.

    it returns a pid, or (pid, info)      started
    it raises Ignored                     no process, and no failure (OTP's ``ignore``)
    it raises StartError(reason)          failed for this reason (``{error, Reason}``)
    it raises anything else, or exits     failed for ("EXIT", Crash(...)) or ("EXIT", reason)
    it returns any other value            failed, and the value is the reason

Nothing that a start callable raises may end the supervisor, which runs it in its own process.

A start that never ends keeps the supervisor from its own end, and in OTP does so for ever:

1. the supervisor waits for the `init` of a child
2. the exit signal of its parent, or of the node's end, comes into its mailbox
3. `init` never returns, so the supervisor never looks there

Here the wait looks at what comes. From then on the child has its `shutdown` time to finish its
start; after that it is killed, its start has failed, and the supervisor goes on to end. A child
that is a supervisor is told to end at once, so that it does the same with what it is starting.

The start callable may also hang in code of its own, in the process of the supervisor. Nobody can
take that code off it: so the doorbell, which interrupts it, has the supervisor killed when the time
of the child is over, and `_GRACE` on top.
"""

from __future__ import annotations

from math import inf
from time import monotonic
from typing import Any, Final, NamedTuple

from otp import process
from otp.behaviour import supervisor_reports as report
from otp.behaviour.child import ChildSpec, ShutdownTime
from otp.behaviour.children import Child
from otp.errors import AlreadyStarted, Ignored, StartError, shorten
from otp.runtime import here
from otp.runtime.context import Context
from otp.runtime.reasons import portable, reason_of
from otp.terms import Crash, Down, Pid, Server
from otp.wire.protocol import LIMIT, SURVIVES

_GRACE: Final = 0.5  # seconds


class Started(NamedTuple):
    """`answer` is what `start_child` returns: the pid, ``(pid, info)``, or None if ignored."""

    pid: Pid | None
    answer: Pid | tuple[Pid, Any] | None


class Failed(NamedTuple):
    """`words` is the reason as a person wants to read it."""

    reason: Any
    words: str
    holder: Pid | None = None
    """Who has the name, if that was why."""


def run_start(spec: ChildSpec, supervisor: Server) -> Started | Failed:
    came = _run(spec)
    if isinstance(came, Failed) and came.holder is not None and _is_ending(came.holder):
        came = _run(spec)
    if isinstance(came, Started) and came.pid is not None and not _is_linked(came.pid):
        report.not_linked(supervisor, Child(spec.id, spec, came.pid))
    return came


def _is_ending(holder: Pid) -> bool:
    """Whether the name is free now, after all.

    1. a supervisor is killed; its children, linked to it, are to die of that  2. it is restarted,
    and starts its children  3. those of before are still about to die, and have their names: OTP's
    would be gone by then. So we wait for them, if dying is what they do.
    """
    context = here.current()
    if holder.node != context.pid.node or context.question(SURVIVES, holder.id):
        return False
    ref = process.monitor(holder)
    process.receive(lambda message: isinstance(message, Down) and message.ref == ref)
    return True


def _is_linked(pid: Pid) -> bool:
    """Whether we hear of its end. One that is dead already has been linked, as far as we know."""
    known = process.info(pid)
    return known is None or process.self() in known["links"]


def _run(spec: ChildSpec) -> Started | Failed:
    context = here.current()
    context.hurry = hurry = _Hurry(context, spec)
    try:
        if context.told_to_end:
            hurry.begin()
        return _read(context, spec.start())
    except Ignored:
        return Started(None, None)
    except AlreadyStarted as error:
        return Failed(error.reason, shorten(error.reason) + hurry.note, error.pid)
    except StartError as error:
        return Failed(portable(error.reason), shorten(error.reason) + hurry.note)
    except BaseException as error:
        return _raised(reason_of(error))
    finally:
        context.hurry = None
        hurry.over()


class _Hurry:
    """By when a child must be ready: asked when the supervisor is told to end, and since then."""

    def __init__(self, context: Context, spec: ChildSpec) -> None:
        self._context = context
        self._spec = spec
        self._asked_for: list[Pid] = []
        self._until: float | None = None

    def begin(self) -> None:
        """Told by the doorbell, in the middle of whatever the start callable does."""
        if self._until is None:
            left = _seconds(self._spec.shutdown)
            self._until = monotonic() + left
            if left < inf:
                self._context.tell(LIMIT, left + _GRACE)

    def over(self) -> None:
        if self._until is not None:
            self._context.tell(LIMIT, None)

    @property
    def note(self) -> str:
        """What is to be added to the reason why the child did not start."""
        return ", while the supervisor was told to end" if self._asked_for else ""

    def until(self, pid: Pid, deadline: float | None) -> float:
        if pid not in self._asked_for:
            self._asked_for.append(pid)
            if self._spec.kind == "supervisor":
                process.exit(pid, "shutdown")
        until = inf if self._until is None else self._until
        return until if deadline is None else min(deadline, until)


def _seconds(shutdown: ShutdownTime) -> float:
    if isinstance(shutdown, str):
        return 0.0 if shutdown == "brutal_kill" else inf
    return shutdown


def _read(context: Context, came: Any) -> Started | Failed:
    match came:
        case (Pid() as pid) | (Pid() as pid, _) if pid != context.pid:
            return Started(pid, came)
        case Pid() | (Pid(), _):
            return Failed(portable(came), "its start returned the pid of the supervisor itself")
        case _:
            return Failed(portable(came), f"its start returned {shorten(came)}, which is no pid")


def _raised(reason: Any) -> Failed:
    if not isinstance(reason, Crash):
        return Failed(("EXIT", portable(reason)), f"its start exited with {shorten(reason)}")
    words = f"its start raised {shorten(reason.exception)}\n{reason.traceback}"
    return Failed(("EXIT", reason), words.rstrip())
