"""The worker that supervisor scenarios use as a child: `wk.erl`, written again.

On every start attempt, failed ones included, its `init` takes the next label id_1, id_2, ... and
records ("init", me); its `terminate` records ("terminate", me, reason). Options:

    trap=True              trap exits
    anon=True              register no name
    fail={n: how}          what init does the n-th time: "ignore", or ("stop" | "exit" | "error", r)
    slow=seconds           terminate takes so long, then records ("terminated", me)
"""

from __future__ import annotations

from functools import partial
from typing import Any

from otp import gen_server, process, supervisor
from otp.gen_server import CallResult, GenServer, Ignore, NoReply, Ok, Reply, Result, Started, Stop
from otp.supervisor import ChildSpec
from otp.terms import From, Pid
from tests.conformance.lib import tr


def start_link(id: str, **opts: Any) -> Pid:
    name = None if opts.get("anon") else id
    return gen_server.start_link(Wk, (id, opts), name=name)


def start_more(opts: dict[str, Any], id: str, **extra: Any) -> Pid:
    """For templates: the options of the template and those of the child."""
    return start_link(id, **{**opts, **extra})


def spec(id: str, opts: dict[str, Any] | None = None, **more: Any) -> ChildSpec:
    """A child specification: `opts` are for the worker, the rest for the supervisor."""
    return ChildSpec(id, partial(start_link, id, **(opts or {})), **more)


def crash(worker: Pid | str, reason: Any) -> Any:
    """Let it exit in a handler; returns when it is dead, with the reason it died of."""
    return _end(worker, ("exit", reason))


def stop(worker: Pid | str, reason: Any) -> Any:
    """Let it return Stop; returns when it is dead, with the reason it died of."""
    return _end(worker, ("stop", reason))


def _end(worker: Pid | str, order: Any) -> Any:
    pid = worker if isinstance(worker, Pid) else process.whereis(worker)
    assert pid is not None
    ref = tr.watch(pid)
    gen_server.cast(worker, order)
    return tr.reason_of(ref)


def ping(worker: Pid | str) -> Any:
    return gen_server.call(worker, "ping")


def children(sup: Pid | str) -> list[Any]:
    return [(child.id, child.pid) for child in supervisor.which_children(sup)]


def counts(sup: Pid | str) -> dict[str, int]:
    return dict(supervisor.count_children(sup))


class Wk(GenServer[Any]):
    def init(self, arg: Any, /) -> Started[Any]:
        id, opts = arg
        me = tr.born(id)
        tr.p(("init", me))
        if opts.get("trap"):
            process.trap_exit()
        n = int(me.rpartition("_")[2])
        match opts.get("fail", {}).get(n, "ok"):
            case "ignore":
                return Ignore()
            case ("stop", r):
                return Stop(r)
            case ("exit", r):
                process.exit(r)
            case ("error", r):
                tr.error(r)
        return Ok({"me": me, "opts": opts})

    def handle_call(self, request: Any, caller: From, state: Any) -> CallResult[Any]:
        match request:
            case "ping":
                return Reply(state["me"], state)
            case ("stop", r):
                return Stop(r, state, reply="stopping")
        return super().handle_call(request, caller, state)

    def handle_cast(self, request: Any, state: Any) -> Result[Any]:
        match request:
            case ("exit", r):
                process.exit(r)
            case ("stop", r):
                return Stop(r, state)
        return NoReply(state)

    def handle_info(self, message: Any, state: Any) -> Result[Any]:
        return NoReply(state)

    def terminate(self, reason: Any, state: Any) -> None:
        tr.p(("terminate", state["me"], reason))
        if "slow" in state["opts"]:
            tr.sleep(state["opts"]["slow"])
            tr.p(("terminated", state["me"]))
