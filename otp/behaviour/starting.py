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
from otp.errors import Ignored, ProcessExit, StartError, shorten
from otp.runtime.reasons import pack_reason, reason_of, unpack_reason
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
        came = spec.start()
    except Ignored:
        return Started(None, None)
    except StartError as error:
        return Failed(_portable(error.reason), shorten(error.reason))
    except (Exception, ProcessExit, SystemExit) as error:
        return _raised(reason_of(error))
    match came:
        case Pid() as pid:
            return Started(pid, pid)
        case (Pid() as pid, _):
            return Started(pid, came)
        case _:
            return Failed(_portable(came), f"its start returned {shorten(came)}, which is no pid")


def _raised(reason: Any) -> Failed:
    if not isinstance(reason, Crash):
        return Failed(("EXIT", _portable(reason)), f"its start exited with {shorten(reason)}")
    words = f"its start raised {shorten(reason.exception)}\n{reason.traceback}"
    return Failed(("EXIT", reason), words.rstrip())


def _portable(reason: Any) -> Any:
    """The reason as others will see it; what cannot travel to them has become its text."""
    return unpack_reason(pack_reason(reason))
