"""GenServer: a process that keeps a state and serves requests one at a time.

    your code                            ours
    ---------                            ----
    store.put("a", 1)
      gen_server.call(pid, request)  ──► the request stands in the server's mailbox
                                         loop: takes it out
    handle_call(request, caller, state)  ◄── called in the server's process
      return Reply(value, new_state) ──► the caller gets the value, the loop keeps the state
    "ok"  ◄──────────────────────────

A whole program:

>>> from otp import gen_server
>>> from otp.gen_server import GenServer, NoReply, Ok, Reply
>>> class Store(GenServer[dict[str, int]]):
...     def init(self, entries):
...         return Ok(entries)
...
...     def handle_call(self, request, caller, state):
...         match request:
...             case ("get", key):
...                 return Reply(state.get(key), state)
...             case _:
...                 return super().handle_call(request, caller, state)
...
...     def handle_cast(self, request, state):
...         match request:
...             case ("put", key, value):
...                 return NoReply({**state, key: value})
...             case _:
...                 return super().handle_cast(request, state)
>>> store = gen_server.start(Store, {"a": 1}, name="doctest_store")
>>> gen_server.cast("doctest_store", ("put", "b", 2))
>>> gen_server.call("doctest_store", ("get", "b"))
2
>>> gen_server.stop(store)

The callbacks and their results are explained at `GenServer` and in `otp.behaviour.results`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NoReturn, overload

from otp import gen
from otp.behaviour import requests, serving
from otp.behaviour.callbacks import GenServer
from otp.behaviour.requests import RequestId, RequestIds
from otp.behaviour.results import (
    HIBERNATE,
    CallResult,
    Ignore,
    NoReply,
    Ok,
    Reply,
    Result,
    Started,
    Stop,
)
from otp.runtime import checking, starting
from otp.terms import From, Pid, Ref, Server

__all__ = [
    "HIBERNATE", "CallResult", "GenServer", "Ignore", "NoReply", "Ok", "Reply", "RequestId",
    "RequestIds", "Result", "Started", "Stop", "abcast", "call", "cast", "check_response",
    "enter_loop", "multi_call", "receive_response", "reply", "send_request", "start", "start_link",
    "start_monitor", "stop", "wait_response",
]  # fmt: skip


def start(
    cls: type[GenServer[Any]],
    arg: Any,
    *,
    name: Server | None = None,
    timeout: float | None = None,
    hibernate_after: float | None = None,
) -> Pid:
    """Start a server without a link; return its pid when `init` is done (`gen_server:start/4`).

    `name` is registered before `init` runs. `timeout` limits `init`, in seconds; after
    `hibernate_after` seconds without a message the server gives memory back.

    Raises `AlreadyStarted` if the name is taken, `Ignored`, `StartTimeout` (the process has been
    killed), and `StartError` with the reason that `init` stopped with. When it raises, the process
    is gone and its name is free.
    """
    return starting.start(_how(cls, arg, name, timeout, hibernate_after, link=False)).pid


def start_link(
    cls: type[GenServer[Any]],
    arg: Any,
    *,
    name: Server | None = None,
    timeout: float | None = None,
    hibernate_after: float | None = None,
) -> Pid:
    """The same, linked to the caller, who is then its parent (`gen_server:start_link/4`).

    If the start fails, the caller gets the exit signal of the link too, unless it traps exits or
    the reason is "normal": a supervisor is the one to start servers with.
    """
    return starting.start(_how(cls, arg, name, timeout, hibernate_after, link=True)).pid


def start_monitor(
    cls: type[GenServer[Any]],
    arg: Any,
    *,
    name: Server | None = None,
    timeout: float | None = None,
    hibernate_after: float | None = None,
) -> tuple[Pid, Ref]:
    """The same as `start`, monitored by the caller (`gen_server:start_monitor/4`)."""
    started = starting.start_monitor(_how(cls, arg, name, timeout, hibernate_after, link=False))
    assert started.monitor is not None
    return started.pid, started.monitor


def enter_loop(
    cls: type[GenServer[Any]],
    state: Any,
    *,
    name: Server | None = None,
    timeout: float | Literal["hibernate"] | None = None,
    hibernate_after: float | None = None,
) -> NoReturn:
    """Become a server, without `init`, and never return (`gen_server:enter_loop/3,4,5`).

    For a process that `otp.proc_lib` has started and that has done its own beginning. `name` is
    what it is registered as already; `timeout` is that of `Ok`.

    Ends the process with "process_was_not_started_by_proc_lib" or "process_not_registered" if
    these are so.
    """
    quiet = checking.seconds(hibernate_after, "hibernate_after")
    serving.enter_loop(cls, state, name, timeout, quiet)


def _how(
    cls: type[GenServer[Any]],
    arg: Any,
    name: Server | None,
    timeout: float | None,
    hibernate_after: float | None,
    link: bool,
) -> starting.Start:
    if not (isinstance(cls, type) and issubclass(cls, GenServer)):
        raise TypeError(f"start takes a class derived from GenServer, not {cls!r}")
    quiet = checking.seconds(hibernate_after, "hibernate_after")
    return starting.Start(
        serving.begin, (cls, arg, link, quiet), cls.__name__, cls.__module__, name, link, timeout,
        call=serving.initial_call(cls),
    )  # fmt: skip


def call(server: Server, request: Any, timeout: float | None = 5.0) -> Any:
    """Send a request, wait for its reply and return it (`gen_server:call/3`).

    `timeout` is in seconds, None for ever. Raises

    * `NoProcess` if nobody is there,
    * `ServerDied` if it ended before it replied; `.reason` tells why, with its traceback,
    * `CallTimeout` when the time is over: the server does not know and may still do what was
      asked; a late reply is dropped,
    * `CallsItself` if the server is the caller, who would wait for ever,
    * `BadRequest` if the server cannot load the request,
    * `pickle.PicklingError` if it cannot be sent at all.
    """
    return gen.call(server, request, timeout)


def cast(server: Server, request: Any) -> None:
    """Send a request that has no reply, and go on (`gen_server:cast/2`).

    It never waits for the server, and is dropped silently if nobody is there. Raises only
    `TypeError` for what names no process and, if somebody is there, `pickle.PicklingError` for what
    cannot be sent.
    """
    gen.cast(server, request)


# ---- requests whose responses are taken later


@overload
def send_request(server: Server, request: Any) -> RequestId: ...
@overload
def send_request(server: Server, request: Any, label: Any, ids: RequestIds) -> RequestIds: ...
def send_request(
    server: Server, request: Any, label: Any = None, ids: RequestIds | None = None
) -> RequestId | RequestIds:
    """Send a request and go on; its response is taken later (`gen_server:send_request/2,4`).

    Returns what the functions below take. With `label` and `ids` the request joins a collection,
    ``RequestIds()`` at first, and the new collection is returned. That nobody is there is no error
    here: the response says it. Raises `TypeError` for what names no process and
    `pickle.PicklingError`.
    """
    sent = requests.send(server, request)
    return sent if ids is None else ids.add(sent, label)


def wait_response(
    request: RequestId | RequestIds, timeout: float | None = None, delete: bool = True
) -> Any:
    """The response, waited for at most `timeout` seconds (`gen_server:wait_response/2,3`).

    ``("reply", value)``; or ``("error", (reason, server))`` if the server ended before it replied
    or was not there; or "timeout": then it may be waited for again.

    Of a collection the first that came, as ``(response, label, ids)``, with a collection that it
    is no more in (unless not `delete`); "no_request" if the collection is empty.

    Raises `ValueError` for the request of another process.
    """
    return requests.response(request, timeout, delete)


def receive_response(
    request: RequestId | RequestIds, timeout: float | None = None, delete: bool = True
) -> Any:
    """The same, but after "timeout" all these requests are abandoned.

    A response that comes later is dropped (`gen_server:receive_response/2,3`).
    """
    return requests.response(request, timeout, delete, abandoning=True)


def check_response(message: Any, request: RequestId | RequestIds, delete: bool = True) -> Any:
    """What a message that was received is to this request (`gen_server:check_response/2,3`).

    Its response as above, or "no_reply". For loops that receive everything themselves, as the
    `handle_info` of a server does. Ask this before you look at a `Down` yourself: if the server has
    died, the response is one.
    """
    return requests.checked(message, request, delete)


# ---- servers of one name on several nodes


def multi_call(
    name: str, request: Any, timeout: float | None = None, *, nodes: Sequence[str] | None = None
) -> tuple[list[tuple[str, Any]], list[str]]:
    """Call the servers with this name on these nodes, all at once (`gen_server:multi_call/4`).

    Returns the replies as ``(node, value)``, and the nodes where nobody has the name, the server
    died, or there was no reply within `timeout` seconds. `nodes` are ids (`Pid.node`), by default
    this node and all that it knows, which today is itself.
    """
    return requests.multi_call(name, request, timeout, nodes)


def abcast(name: str, request: Any, *, nodes: Sequence[str] | None = None) -> None:
    """Cast to the servers with this name on these nodes (`gen_server:abcast/3`). Never fails."""
    for server in requests.on_nodes(name, nodes):
        gen.cast(server, request)


def reply(caller: From, value: Any) -> None:
    """Answer a call that returned `NoReply`, from any process or thread (`gen_server:reply/2`).

    A caller that is dead or waits no more does not see it.
    """
    gen.reply(caller, value)


def stop(server: Server, reason: Any = "normal", timeout: float | None = None) -> None:
    """Let the server terminate with this reason; return when it is dead (`gen_server:stop/3`).

    Raises `NoProcess`; `CallTimeout` when the time is over (the server goes on ending);
    `ServerDied` if it ended with another reason; `CallsItself`.
    """
    gen.stop(server, reason, timeout)
