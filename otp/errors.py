"""What can go wrong, as a tree:

    OtpError
      CallError            no reply will come; .server .request .reason
        NoProcess          nobody is there ("noproc")
        ServerDied         it died while we waited; .reason is its exit reason
        CallTimeout        no reply in time; also a TimeoutError
        CallsItself        a process that called itself would wait for ever ("calling_self")
        BadRequest         the server could not read the request; .reason says why
      StartError           nothing was started; .reason is what init stopped with
        AlreadyStarted     the name is taken by .pid
        StartTimeout       init was not done in time; the process was killed
        Ignored            init returned Ignore()
      SupervisorError      a management function refused; .reason as OTP's {error, Reason}
      BadReturn            a callback returned no result: ("bad_return_value", it)
      FunctionClause       no clause of a callback is made for this request
        Undef              there is no such callback at all
      NodeDown             the node that this process belonged to has ended
    ProcessExit            unwinds this process with .reason; a BaseException, never to be caught

Every `OtpError` carries `.reason`. Where a reason is a `Crash`, the remote traceback is shown as
the cause, so that what is printed here tells where it broke there.
"""

from __future__ import annotations

from typing import Any

from otp.terms import Crash, Pid, Shutdown, shown


class RemoteTraceback(Exception):
    """Shown above an error of this process: the traceback of the one where it happened."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


_LONG = 1000  # characters of a reason in the text of an error
_RESULTS = (
    "it is to return NoReply(state), Stop(reason, state) or, in handle_call, Reply(value, state)"
)


class OtpError(Exception):
    """The root of all errors of this library. `.reason` is OTP's word for what happened."""

    reason: Any = None


class CallError(OtpError):
    """No reply will come to this request."""

    says = "no reply from {server} to {request}: {reason}"

    def __init__(self, server: Any, request: Any, reason: Any) -> None:
        super().__init__(server, request, reason)
        self.server, self.request, self.reason = server, request, reason
        blame(self, reason)

    def __str__(self) -> str:
        text = self.says.format(
            server=shown(self.server), request=shorten(self.request),
            reason=shorten(self.reason, _LONG),
        )  # fmt: skip
        return text + advice(self.reason)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


class NoProcess(CallError):
    """Nobody is there: a dead pid or a free name (``noproc``)."""

    says = "no process {server} to answer {request}"

    def __init__(self, server: Any, request: Any, reason: Any = "noproc") -> None:
        super().__init__(server, request, reason)


class ServerDied(CallError):
    """It died while we waited. `.reason` is its exit reason."""

    says = "{server} died before it answered {request}: {reason}"


class CallTimeout(CallError, TimeoutError):
    """No reply in time. The server is not told; a reply that comes later is dropped.

    `seconds` is how long it was waited for, None if that is not known.
    """

    says = "no reply from {server} to {request}"

    def __init__(
        self, server: Any, request: Any, reason: Any = "timeout", seconds: float | None = None
    ) -> None:
        super().__init__(server, request, reason)
        self.seconds = seconds

    def __str__(self) -> str:
        within = "in time" if self.seconds is None else f"within {self.seconds} s"
        return f"{super().__str__()} {within}"


class CallsItself(CallError):
    """A process that calls itself would wait for ever (``calling_self``)."""

    says = "{server} called itself with {request}; it would wait for ever"

    def __init__(self, server: Any, request: Any, reason: Any = "calling_self") -> None:
        super().__init__(server, request, reason)


class BadRequest(CallError):
    """The server could not read the request: what it needs cannot be imported there."""

    says = "{server} cannot read {request}: {reason}"


class StartError(OtpError):
    """Nothing was started. `.reason` is what `init` stopped with."""

    def __init__(self, reason: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        blame(self, reason)

    def __str__(self) -> str:
        text = f"not started: {shorten(self.reason, _LONG)}"
        return text + advice(self.reason, "init is to return Ok(state), Ignore() or Stop(reason)")


class AlreadyStarted(StartError):
    """The name is taken by the process `.pid`."""

    def __init__(self, pid: Pid) -> None:
        super().__init__(("already_started", pid))
        self.pid = pid

    def __reduce__(self) -> tuple[type[AlreadyStarted], tuple[Pid]]:
        return AlreadyStarted, (self.pid,)


class StartTimeout(StartError):
    """`init` was not done in time; the process was killed."""

    def __init__(self, reason: Any = "timeout") -> None:
        super().__init__(reason)


class Ignored(StartError):
    """`init` returned `Ignore()`: it chose not to run, and that is no failure."""

    def __init__(self, reason: Any = "ignore") -> None:
        super().__init__(reason)


class SupervisorError(OtpError):
    """A management function refused. `.reason` is as in OTP's ``{error, Reason}``."""

    def __init__(self, reason: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        blame(self, reason)

    def __str__(self) -> str:
        return f"the supervisor refused: {shown(self.reason)}"


class BadReturn(OtpError):
    """A callback returned something that is no result."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.reason = ("bad_return_value", value)

    def __str__(self) -> str:
        return f"a callback returned {shorten(self.args[0])}, which is none of its results"


class FunctionClause(OtpError):
    """No clause of a callback is made for this request (``function_clause``)."""

    reason = "function_clause"


class Undef(FunctionClause):
    """The callback is not there at all (``undef``)."""

    reason = "undef"


class NodeDown(OtpError):
    """The node that this process belonged to has ended; `otp.node.start` begins a new one."""

    reason = "nodedown"

    def __init__(self, text: str = "the node has ended; otp.node.start() begins a new one") -> None:
        super().__init__(text)


class ProcessExit(BaseException):
    """Unwinds this process, which ends with `.reason`. Never catch it: it is no error."""

    ends_us = True

    def __init__(self, reason: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        blame(self, reason)

    def __str__(self) -> str:
        return shown(self.reason, str)


def blame(error: BaseException, reason: Any) -> None:
    """Let the reason be seen as the cause of this error, traceback and all."""
    crash = _crash_in(reason)
    if crash is None:
        return
    if crash.traceback and crash.exception.__cause__ is None:
        # not by assignment, which the class of a frozen dataclass refuses
        BaseException.__setattr__(crash.exception, "__cause__", RemoteTraceback(crash.traceback))
    error.__cause__ = crash.exception


def _crash_in(reason: Any) -> Crash | None:
    """The crash that a reason is or tells of, as `Shutdown(("failed_to_start_child", id, crash))`.

    >>> _crash_in(Shutdown(("failed_to_start_child", "db", Crash(OSError("no db")))))
    Crash(OSError('no db'))
    """
    looked_at = [reason]
    while looked_at:
        match looked_at.pop():
            case Crash() as crash:
                return crash
            case Shutdown(why):
                looked_at.append(why)
            case tuple() as parts:
                looked_at.extend(reversed(parts))
    return None


def advice(reason: Any, right: str = _RESULTS) -> str:
    """What to do about the mistake that everybody makes once: to forget the `return`.

    >>> advice(("bad_return_value", None), "it is to return Ok(state)")
    '; a callback returned None: it is to return Ok(state)'
    """
    match reason:
        case (str("bad_return_value"), value):
            return f"; a callback returned {shorten(value)}: {right}"
    return ""


def shorten(value: Any, limit: int = 200) -> str:
    """The value's `repr`, cut where a line of a message becomes too long to read.

    >>> shorten(list(range(1000)), 20)
    '[0, 1, 2, 3, 4, 5, …'
    """
    text = shown(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
