"""A user's program, for the type checker alone: it is never run.

What is right must pass; what is wrong is marked, and a mark on a line that passes is an error too
(warn_unused_ignores).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, assert_type

from otp import gen_server, node, process, supervisor
from otp.errors import CallError, CallTimeout, ServerDied, StartError
from otp.gen_server import (
    HIBERNATE,
    CallResult,
    GenServer,
    Ignore,
    NoReply,
    Ok,
    Reply,
    Result,
    Started,
    Stop,
)
from otp.supervisor import ChildInfo, ChildSpec
from otp.terms import Crash, Down, Exit, From, Pid, Ref, Shutdown, Timeout, Via

State = dict[str, int]


class Store(GenServer[State]):
    version = 2

    def init(self, entries: State) -> Started[State]:
        match len(entries):
            case 0:
                return Ignore()
            case 1:
                return Stop("too few")
            case _:
                return Ok(entries, timeout=1.5, then="load")

    def handle_call(self, request: Any, caller: From, state: State) -> CallResult[State]:
        match request:
            case ("get", str(key)):
                return Reply(state.get(key), state)
            case ("later", seconds):
                process.send_after(seconds, caller.pid, "now")
                return NoReply(state, timeout=HIBERNATE)
            case "stop":
                return Stop("normal", state, reply="ok")
            case _:
                return super().handle_call(request, caller, state)

    def handle_cast(self, request: Any, state: State) -> Result[State]:
        match request:
            case ("put", str(key), int(value)):
                return NoReply({**state, key: value})
            case _:
                return super().handle_cast(request, state)

    def handle_info(self, message: Any, state: State) -> Result[State]:
        match message:
            case Down(ref, pid, Crash(exception, traceback)):
                print(ref, pid, exception, traceback)
                return NoReply(state)
            case Exit(_, "normal" | "shutdown" | Shutdown()) | Timeout():
                return Stop("shutdown", state)
            case _:
                return super().handle_info(message, state)

    def terminate(self, reason: Any, state: State) -> None:
        print(reason, state)

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        return {**status, "state": "hidden"}


class ReadOnly(GenServer[Mapping[str, int]]):
    """A result may hold a narrower state than was promised."""

    def init(self, entries: dict[str, int]) -> Ok[Mapping[str, int]]:
        return Ok(entries)

    def handle_cast(self, request: Any, state: Mapping[str, int]) -> Result[Mapping[str, int]]:
        return NoReply(dict(state))


def client(store: Pid) -> None:
    assert_type(gen_server.start_link(Store, {"a": 1}, name="store"), Pid)
    assert_type(gen_server.start(Store, {}, name=Via("my.registry", 7), timeout=2.0), Pid)
    assert_type(gen_server.start_monitor(Store, {}, hibernate_after=60), tuple[Pid, Ref])
    assert_type(gen_server.call("store", ("get", "a")), Any)
    gen_server.call(store, ("get", "a"), None)
    gen_server.cast(store, ("put", "a", 1))
    gen_server.reply(From(store, 1), "ok")
    gen_server.stop(store, Shutdown("upgrade"), timeout=5)


def primitives(store: Pid) -> None:
    assert_type(process.spawn(print, "a", sep=""), Pid)
    assert_type(process.spawn_monitor(print), tuple[Pid, Ref])
    assert_type(process.monitor("store"), Ref)
    assert_type(process.whereis("store"), Pid | None)
    assert_type(process.trap_exit(), bool)
    assert_type(process.cancel_timer(process.send_after(0.5, store, "tick")), float | None)
    process.receive(Down)
    process.receive(lambda message: message == "tick", timeout=1.0)
    process.exit(store, "kill")
    assert_type(node.start(name="shop", preload=["shop.kv"]), node.Node)


def never_returns() -> int:
    process.exit("normal")


def tree() -> None:
    top = supervisor.start_link(
        [
            ChildSpec("store", partial(gen_server.start_link, Store, {}), shutdown="brutal_kill"),
            ChildSpec("other", partial(supervisor.start_link, []), "transient", kind="supervisor"),
        ],
        strategy="rest_for_one",
        auto_shutdown="any_significant",
    )
    assert_type(top, Pid)
    assert_type(supervisor.which_children(top), list[ChildInfo])
    assert_type(supervisor.count_children(top), dict[str, int])


def errors(store: Pid) -> None:
    try:
        gen_server.call(store, "get")
    except (CallTimeout, ServerDied) as error:
        assert_type(error.server, Any)
    except CallError as error:
        print(error.reason, error.request)
    except (StartError, TimeoutError) as error:
        print(error)


class Wrong(GenServer[State]):
    def init(self, entries: State) -> Ok[str]:  # type: ignore[override]
        return Ok("no dict")

    def handle_call(self, request: Any, caller: From, state: State) -> CallResult[State]:
        if request == "forgot the state":
            return Reply(1)  # type: ignore[call-arg]
        if request == "returned the value":
            return 1  # type: ignore[return-value]
        return Reply(1, "no dict")  # type: ignore[arg-type]

    def handle_cast(self, request: Any, state: State) -> CallResult[State]:  # type: ignore[override]
        return Reply("a cast has no caller", state)

    def handle_info(self, message: Any, state: str) -> Result[State]:  # type: ignore[override]
        return NoReply({}, timeout="never")  # type: ignore[arg-type]


def mistakes(store: Pid) -> None:
    gen_server.start_link(dict, {})  # type: ignore[arg-type]
    gen_server.start_link(Store({}), {})  # type: ignore[call-arg,arg-type]
    gen_server.start_link(Store, {}, "store")  # type: ignore[call-arg]
    gen_server.call(7, "get")  # type: ignore[arg-type]
    gen_server.call(store, "get", "soon")  # type: ignore[arg-type]
    gen_server.reply(store, 1)  # type: ignore[arg-type]
    process.spawn(print("called too early"))  # type: ignore[arg-type]
    process.receive("tick")  # type: ignore[arg-type]
    process.link("store")  # type: ignore[arg-type]
    process.exit("store", "kill")  # type: ignore[call-overload]
    supervisor.start_link([], strategy="one_for_two")  # type: ignore[arg-type]
    ChildSpec("store", gen_server.start_link(Store, {}))  # type: ignore[arg-type]
    ChildSpec("store", print, restart="sometimes")  # type: ignore[arg-type]
    store.id = 7  # type: ignore[misc]
