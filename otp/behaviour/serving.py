"""The loop of a GenServer: one message, one callback, one result.

    what comes                        what is called
    ("$gen_call", caller, request)    handle_call(request, caller, state)
    ("$gen_cast", request)            handle_cast(request, state)
    ("system", caller, request)       nothing of yours: `otp.behaviour.sys_requests`
    Exit(parent, reason)              terminate(reason, state), and the end
    anything else                     handle_info(message, state)
    nothing, for `timeout` seconds    handle_info(Timeout(), state)

How it ends: `terminate` gets the state that was last returned; what it raises replaces the reason;
then it is reported; the reply of a `Stop` goes out, in any case; then the process ends.

What code of yours raises is caught whole, `BaseException`, as by Erlang's ``catch``: in callbacks
here, in start callables, hooks and log handlers elsewhere. `SystemExit`, `KeyboardInterrupt` and
`ProcessExit`, which is `process.exit(reason)`, are ends like others. An exit signal is none of
them: it raises nothing in a server, whose OS process it ends at once.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, NoReturn

from otp import gen
from otp.behaviour import reports, sys_requests
from otp.behaviour.callbacks import GenServer
from otp.behaviour.debugging import Debug
from otp.behaviour.results import HIBERNATE, MISSING, Ignore, NoReply, Ok, Reply, Stop
from otp.errors import BadReturn, ProcessExit
from otp.runtime import here
from otp.runtime.addressing import destination, registry
from otp.runtime.mailbox import NOTHING
from otp.runtime.reasons import reason_of, traceback_of
from otp.runtime.receiving import receive
from otp.runtime.spawning import InitialCall
from otp.runtime.starting import acknowledge
from otp.terms import Exit, From, Pid, Server, Timeout, Via
from otp.wire.orphan import malloc_trim
from otp.wire.protocol import HIBERNATING

_CALL: Final = 3  # ("$gen_call", caller, request)
_CAST: Final = 2  # ("$gen_cast", request)


def begin(
    starter: From,
    name: Server | None,
    cls: type[GenServer[Any]],
    arg: Any,
    linked: bool,
    hibernate_after: float | None,
) -> None:
    """The body of a server's process: `init`, the acknowledgement, the loop."""

    def serve() -> None:
        _register(starter, name)
        me = here.current().pid
        server = cls()
        result = _init(starter, server, arg)
        serving = Serving(server, name or me, starter.pid if linked else me, hibernate_after)
        serving.state = result.state
        acknowledge(starter, "ok")
        serving.loop(result.timeout, result.then)

    reports.crash(initial_call(cls), serve)


def enter_loop(
    cls: type[GenServer[Any]],
    state: Any,
    name: Server | None,
    timeout: Any,
    hibernate_after: float | None,
) -> NoReturn:
    """The loop without `init`, in a process that `otp.proc_lib` has started."""
    context = here.current()
    if not context.ancestors:
        raise ProcessExit("process_was_not_started_by_proc_lib")
    if name is not None and destination(context, name) != context.serial:
        raise ProcessExit("process_not_registered")
    serving = Serving(cls(), name or context.pid, context.ancestors[0], hibernate_after)
    serving.state = state
    serving.loop(timeout, None)


def _register(starter: From, name: Server | None) -> None:
    """A name that the kernel does not keep is taken by the process itself."""
    if not isinstance(name, Via):
        return
    keeper = registry(name)
    if not keeper.register_name(name.key, here.current().pid):
        acknowledge(starter, "already_started", keeper.whereis_name(name.key))
        raise ProcessExit("normal")


def _init(starter: From, server: GenServer[Any], arg: Any) -> Ok[Any]:
    """Run `init`; unless it is Ok, tell the starter why and end."""
    try:
        result: Any = server.init(arg)
    except BaseException as raised:
        _refuse(starter, reason_of(raised))
    match result:
        case Ok(timeout=timeout) if _is_idle_time(timeout):
            return result
        case Ignore():
            acknowledge(starter, "ignore")
            raise ProcessExit("normal")
        case Stop(reason):
            _refuse(starter, reason)
        case ("error", reason):  # a polite refusal: nobody is alarmed
            acknowledge(starter, "error", reason)
            raise ProcessExit("normal")
        case _:
            _refuse(starter, BadReturn(result).reason)


def _refuse(starter: From, reason: Any) -> NoReturn:
    acknowledge(starter, "error", reason)
    raise ProcessExit(reason)


def initial_call(cls: type[GenServer[Any]]) -> InitialCall:
    """What the process of such a server is for."""
    return cls.__module__, f"{cls.__qualname__}.init", 1


def _left_at(raised: BaseException) -> str:
    """Where a callback has called `process.exit`; other exceptions bring their traceback along."""
    return traceback_of(raised) if isinstance(raised, ProcessExit) else ""


def _is_idle_time(timeout: Any) -> bool:
    if timeout is None or isinstance(timeout, str):
        return timeout is None or timeout == HIBERNATE
    return isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and timeout >= 0


class Serving:
    """A server at work."""

    def __init__(
        self,
        server: GenServer[Any],
        name: object,
        parent: Pid,
        hibernate_after: float | None,
    ) -> None:
        self.server = server
        self.name = name
        self.parent = parent
        self.hibernate_after = hibernate_after
        self.state: Any = None
        self.suspended = False
        self.debug = Debug()
        self._context = here.current()

    # ---- the loop

    def loop(self, timeout: Any, then: Any) -> NoReturn:
        """Serve until the end, which is a `ProcessExit`."""
        while True:
            while then is not None:
                timeout, then = self._continue(then)
            message = self._next(timeout)
            kind = message[0] if type(message) is tuple and message else None
            if type(kind) is not str:
                kind = None
            if kind == "$gen_call" and len(message) == _CALL:
                timeout, then = self._call(message[2], message[1])
            elif kind == "$gen_cast" and len(message) == _CAST:
                timeout, then = self._handle(self.server.handle_cast, message[1], message)
            elif kind == "system" and len(message) == _CALL:
                sys_requests.serve(self, message[2], message[1])
            elif type(message) is Exit and message.pid == self.parent:
                self.end(message.reason, message)
            else:
                timeout, then = self._handle(self.server.handle_info, message, message)
            del message  # or it would be kept in memory until the next one comes

    def _next(self, timeout: Any) -> Any:
        """The next message; `Timeout()` when there was none for so long."""
        if self.suspended:
            return receive(self._context, self._is_heard_suspended, None)
        if timeout is None and self.hibernate_after is None:
            return receive(self._context, None, None)
        if timeout == HIBERNATE:
            return self._asleep(None)
        return self._next_within(timeout)

    def _next_within(self, timeout: float | None) -> Any:
        """Hibernate if it stays quiet for `hibernate_after`, give up after `timeout`."""
        begin = monotonic()
        deadline = None if timeout is None else begin + timeout
        quiet = self.hibernate_after
        if quiet is None or (timeout is not None and timeout <= quiet):
            message = receive(self._context, None, deadline)
        else:
            message = receive(self._context, None, begin + quiet)
            if message is NOTHING:
                message = self._asleep(deadline)
        return Timeout() if message is NOTHING else message

    def _asleep(self, deadline: float | None) -> Any:
        """The next message, waited for with as little memory as can be."""
        self._context.tell(HIBERNATING, True)
        gc.collect()
        malloc_trim()
        message = receive(self._context, None, deadline)
        self._context.tell(HIBERNATING, False)
        return message

    def _is_heard_suspended(self, message: Any) -> bool:
        if type(message) is Exit:
            return message.pid == self.parent
        if type(message) is not tuple or len(message) != _CALL:
            return False
        return type(message[0]) is str and message[0] == "system"

    # ---- one message

    def _continue(self, then: Any) -> tuple[Any, Any]:
        message = ("continue", then)
        return self._handle(self.server.handle_continue, then, message, message)

    def _call(self, request: Any, caller: From) -> tuple[Any, Any]:
        debug = self.debug.on
        if debug:
            self.debug.event(self.name, ("in", ("$gen_call", caller, request)))
        try:
            result: Any = self.server.handle_call(request, caller, self.state)
            if type(result) is Reply and (result.timeout is None or _is_idle_time(result.timeout)):
                self._context.answer(caller, result.value)
                self.state = result.state
                if debug:
                    self.debug.event(self.name, ("out", result.value, caller, self.state))
                return result.timeout, result.then
        except BaseException as raised:
            self.end(reason_of(raised), request, caller, left_at=_left_at(raised))
        return self._go_on(result, request, caller)

    def _handle(
        self,
        callback: Callable[[Any, Any], Any],
        argument: Any,
        message: Any,
        event: tuple[Any, ...] | None = None,
    ) -> tuple[Any, Any]:
        if self.debug.on:
            self.debug.event(self.name, event or ("in", message))
        try:
            result = callback(argument, self.state)
            if type(result) is NoReply and result.timeout is None and not self.debug.on:
                self.state = result.state
                return None, result.then
        except BaseException as raised:
            self.end(reason_of(raised), message, left_at=_left_at(raised))
        return self._go_on(result, message, None)

    def _go_on(self, result: Any, message: Any, caller: From | None) -> tuple[Any, Any]:
        """What a result asks for, other than a reply."""
        if type(result) is NoReply and _is_idle_time(result.timeout):
            self.state = result.state
            if self.debug.on:
                self.debug.event(self.name, ("noreply", self.state))
            return result.timeout, result.then
        if type(result) is not Stop or result.state is MISSING:
            self.end(BadReturn(result).reason, message, caller)
        self.state = result.state
        after = None if caller is None or result.reply is MISSING else (caller, result.reply)
        self.end(result.reason, message, caller, after)

    # ---- the end

    def end(
        self,
        reason: Any,
        message: Any,
        caller: From | None = None,
        last_reply: tuple[From, Any] | None = None,
        left_at: str = "",
    ) -> NoReturn:
        """terminate, the report, the last reply, the exit."""
        try:
            self.server.terminate(reason, self.state)
        except BaseException as raised:
            reason, left_at = reason_of(raised), _left_at(raised)
        where = (self.server, self.name, reason, message, caller, self.state)
        reports.terminating(*where, left_at=left_at)
        if last_reply is not None:
            gen.reply(*last_reply)
            self.debug.event(self.name, ("out", last_reply[1], last_reply[0], self.state))
        raise ProcessExit(reason)
