"""Running the start callable of a child, and reading what comes of it.

    it returns a pid, or (pid, info)      started
    it raises Ignored                     no process, and no failure (OTP's ``ignore``)
    it raises StartError(reason)          failed for this reason (``{error, Reason}``)
    it raises anything else, or exits     failed for ("EXIT", Crash(...)) or ("EXIT", reason)
    it returns any other value            failed, and the value is the reason

Nothing that a start callable raises may end the supervisor, which runs it in its own process.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from otp.behaviour.child import ChildSpec
from otp.errors import Ignored, StartError, shorten
from otp.runtime.reasons import portable, reason_of
from otp.terms import Crash, Pid


class Started(NamedTuple):
    """`answer` is what `start_child` returns: the pid, ``(pid, info)``, or None if ignored."""

    pid: Pid | None
    answer: Pid | tuple[Pid, Any] | None


class Failed(NamedTuple):
    """`words` is the reason as a person wants to read it."""

    reason: Any
    words: str


def run_start(spec: ChildSpec) -> Started | Failed:
    try:
        return _read(spec.start())
    except Ignored:
        return Started(None, None)
    except StartError as error:
        return Failed(portable(error.reason), shorten(error.reason))
    except BaseException as error:
        return _raised(reason_of(error))


def _read(came: Any) -> Started | Failed:
    match came:
        case Pid() as pid:
            return Started(pid, pid)
        case (Pid() as pid, _):
            return Started(pid, came)
        case _:
            return Failed(portable(came), f"its start returned {shorten(came)}, which is no pid")


def _raised(reason: Any) -> Failed:
    if not isinstance(reason, Crash):
        return Failed(("EXIT", portable(reason)), f"its start exited with {shorten(reason)}")
    words = f"its start raised {shorten(reason.exception)}\n{reason.traceback}"
    return Failed(("EXIT", reason), words.rstrip())
