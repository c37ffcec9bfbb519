"""Python values as Erlang terms, and Erlang terms as the lines of a trace.

    "atom"  True  None              atom  true  undefined
    12  1.5  b"x"                   12  1.5  <<"x">>
    ("a", 1)  ["a"]  {"k": 1}       {a,1}  [a]  #{k=>1}, sorted by key in Erlang's order of terms
    Exit(pid, reason)               {'EXIT',Pid,Reason}
    Down(ref, pid, reason)          {'DOWN',Ref,process,Pid,Reason}; {Name,Node} for a name
    Timeout()  Timeout(ref, m)      timeout  {timeout,Ref,M}
    Shutdown(why)                   {shutdown,Why}
    Crash(exception)                {Reason,stack}, an exit reason; see `reason` for which
    Reply(v, s)  NoReply(s)  ...    {reply,V,S}  {noreply,S}: what a callback may return
    Global(n)  Via(m, k)            {global,N}  {via,M,K}
    ChildSpec                       child_record
    a function, a partial           'fun'

Pids and refs become the labels that the scenario gave them, else pid1, ref1, ... in order of first
appearance in the trace.

>>> print(show(erlang({"b": ["x", b"y"], 2: ("EXIT", None)})))
#{2=>{'EXIT',undefined},b=>[x,<<"y">>]}
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from otp.errors import CallError, OtpError
from otp.gen_server import HIBERNATE, Ignore, NoReply, Ok, Reply, Stop
from otp.supervisor import ChildSpec
from otp.terms import Crash, Down, Exit, From, Global, Pid, Ref, Shutdown, Timeout, Via


class Error(Exception):
    """What a scenario raises for Erlang's ``error(Reason)``: its one argument is the reason."""


Naming = Callable[[Pid | Ref], str]
"""Finds the label of a pid or a ref."""


def reason(exception: BaseException) -> Any:
    """The word or term that Erlang has for the reason of an exception.

    >>> reason(Error("boom")), reason(ValueError("a text")), reason(OtpError())
    ('boom', 'badarg', None)
    """
    match exception:
        case Error(args=(why,)) | KeyError(args=(("badkey", _) as why,)):
            return why
        case OtpError():
            return exception.reason
        case KeyError(args=(key,)):
            return ("badkey", key)
        case ValueError() | TypeError():
            return "badarg"
        case ArithmeticError():
            return "badarith"
    return type(exception).__name__


def crash(exception: BaseException) -> Any:
    """What `Crash(exception)` is as an exit reason: ``{Reason,stack}``.

    A `CallError` that nobody caught is no error but an exit in Erlang:
    ``{Reason,{gen_server,call,[Server,Request]}}``. That of `process.link` is an error there too.
    """
    if isinstance(exception, CallError) and exception.request != "link":
        return called(exception)
    return (reason(exception), "stack")


def called(error: CallError, mfa: tuple[str, str, list[Any]] | None = None) -> tuple[Any, Any]:
    """What a call that failed exits with; `mfa` if it was not ``gen_server:call/2``."""
    return (error.reason, mfa or ("gen_server", "call", [error.server, error.request]))


def erlang(value: Any, name: Naming = repr) -> Any:
    """The value as a term: str (an atom), number, bytes, tuple, list or dict of terms."""
    as_term = partial(erlang, name=name)
    match value:
        case Pid() | Ref():
            return name(value)
        case None | bool():
            return "undefined" if value is None else str(value).lower()
        case tuple():
            return tuple(map(as_term, value))
        case list():
            return list(map(as_term, value))
        case dict():
            return {as_term(k): as_term(v) for k, v in value.items()}
        case str() | int() | float() | bytes():
            return value
    return as_term(_ours(value))


def _ours(value: Any) -> Any:
    """A value of this library as a tuple or an atom."""
    match value:
        case Exit(pid, why):
            return ("EXIT", pid, why)
        case Down(ref, who, why):
            return (
                "DOWN",
                ref,
                "process",
                who if isinstance(who, Pid) else (who, "this_node"),
                why,
            )
        case Timeout(ref, message):
            return "timeout" if ref is None else ("timeout", ref, message)
        case Crash(exception):
            return crash(exception)
        case Shutdown(why):
            return ("shutdown", why)
        case From(pid, tag):
            return (pid, Ref(tag, pid))
        case Global(key):
            return ("global", key)
        case Via(module, key):
            return ("via", module.rpartition(".")[2], key)
        case BaseException():
            return (reason(value), "stack")
    return _result(value)


def _result(value: Any) -> Any:
    match value:
        case Ok(state):
            return ("ok", state, *_action(value))
        case Reply(answer, state):
            return ("reply", answer, state, *_action(value))
        case NoReply(state):
            return ("noreply", state, *_action(value))
        case Stop(why, state):
            return ("stop", why, state)
        case Ignore():
            return "ignore"
        case ChildSpec():
            return "child_record"
    return "fun" if callable(value) else repr(value)


def _action(result: Any) -> tuple[Any, ...]:
    if result.then is not None:
        return (("continue", result.then),)
    return () if result.timeout is None else (milliseconds(result.timeout),)


def milliseconds(timeout: float | str | None) -> Any:
    """A timeout of ours, in seconds or None, as one of Erlang's."""
    if timeout is None or timeout == HIBERNATE:
        return "infinity" if timeout is None else "hibernate"
    return round(timeout * 1000) if isinstance(timeout, (int, float)) else timeout


# ---- printing


def show(term: Any) -> str:
    """A term as Erlang prints it, without spaces."""
    match term:
        case str():
            plain = re.fullmatch(r"[a-z][\w@]*", term, re.ASCII)
            return term if plain else "'" + term.replace("\\", "\\\\").replace("'", "\\'") + "'"
        case bytes():
            return f'<<"{term.decode("latin-1")}">>'
        case tuple():
            return "{" + ",".join(map(show, term)) + "}"
        case list():
            return "[" + ",".join(map(show, term)) + "]"
        case dict():
            items = sorted(term.items(), key=lambda item: order(item[0]))
            return "#{" + ",".join(f"{show(k)}=>{show(v)}" for k, v in items) + "}"
    return repr(term)


def order(term: Any) -> tuple[Any, ...]:
    """A key that sorts as Erlang does: number < atom < tuple < map < list < binary.

    >>> sorted([[2], ("b", 1), "a", 3, ("c",), 1.5], key=order)
    [1.5, 3, 'a', ('c',), ('b', 1), [2]]
    """
    match term:
        case int() | float():
            return (0, term)
        case str():
            return (1, term)
        case tuple():
            return (2, len(term), [order(part) for part in term])
        case dict():
            return (3, len(term), [order(part) for part in sorted(term, key=order)])
        case list():
            return (4, [order(part) for part in term])
    return (5, term)
