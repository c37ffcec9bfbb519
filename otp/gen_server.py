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

from typing import Any

from otp import gen
from otp.behaviour import serving
from otp.behaviour.callbacks import GenServer
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
from otp.runtime import checking
from otp.terms import From, Pid, Ref, Server

__all__ = [
    "HIBERNATE", "CallResult", "GenServer", "Ignore", "NoReply", "Ok", "Reply", "Result", "Started",
    "Stop", "call", "cast", "reply", "start", "start_link", "start_monitor", "stop",
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
    return gen.start(_how(cls, arg, name, timeout, hibernate_after, link=False))


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
    return gen.start(_how(cls, arg, name, timeout, hibernate_after, link=True))


def start_monitor(
    cls: type[GenServer[Any]],
    arg: Any,
    *,
    name: Server | None = None,
    timeout: float | None = None,
    hibernate_after: float | None = None,
) -> tuple[Pid, Ref]:
    """The same as `start`, monitored by the caller (`gen_server:start_monitor/4`)."""
    return gen.start_monitor(_how(cls, arg, name, timeout, hibernate_after, link=False))


def _how(
    cls: type[GenServer[Any]],
    arg: Any,
    name: Server | None,
    timeout: float | None,
    hibernate_after: float | None,
    link: bool,
) -> gen.Start:
    if not (isinstance(cls, type) and issubclass(cls, GenServer)):
        raise TypeError(f"start takes a class derived from GenServer, not {cls!r}")
    quiet = checking.seconds(hibernate_after, "hibernate_after")
    return gen.Start(
        serving.begin, (cls, arg, link, quiet), cls.__name__, cls.__module__, name, link, timeout
    )


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
    `TypeError` for what names no process and `pickle.PicklingError` for what cannot be sent.
    """
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
