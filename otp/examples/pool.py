"""A pool of servers: lends them one at a time, and never loses one.

1. A client that dies gives back what it had borrowed: the pool monitors everyone it lends to.
2. A worker that dies is replaced: the pool is linked to its workers and traps exits. If no new one
   can be started the pool crashes, for that is its supervisor's business.
3. Who finds no idle worker waits in a queue. Who dies or gives up waiting leaves the queue.

The race behind `cancel`: the pool lends a worker just when its client stops waiting for it. The
reply is dropped as late, so nobody would ever bring that worker back. Therefore each request has
a ticket, and a client that gives up takes its ticket back, whether it was served by then or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from otp import gen_server, process
from otp.errors import CallTimeout
from otp.gen_server import CallResult, GenServer, NoReply, Ok, Reply, Result
from otp.terms import Down, Exit, From, Pid, Ref, Server


def start_link(start_worker: Callable[[], Pid], size: int, *, name: str | None = "pool") -> Pid:
    """Start a pool of `size` workers; `start_worker` starts one, linked to its caller."""
    return gen_server.start_link(Pool, (start_worker, size), name=name)


@contextmanager
def borrow(pool: Server = "pool", timeout: float | None = 5.0) -> Iterator[Pid]:
    """``with pool.borrow() as worker:`` a worker for the length of a block."""
    worker = checkout(pool, timeout)
    try:
        yield worker
    finally:
        checkin(worker, pool)


def checkout(pool: Server = "pool", timeout: float | None = 5.0) -> Pid:
    """Borrow a worker, waiting for one if need be; `CallTimeout` if that takes too long."""
    ticket = uuid4().hex
    try:
        worker: Pid = gen_server.call(pool, ("checkout", ticket), timeout)
    except CallTimeout:
        gen_server.cast(pool, ("cancel", ticket))
        raise
    return worker


def checkin(worker: Pid, pool: Server = "pool") -> None:
    """Give a borrowed worker back. Nothing happens if it is not the caller's to give."""
    gen_server.cast(pool, ("checkin", worker, process.self()))


def workers(pool: Server = "pool") -> tuple[Pid, ...]:
    """All workers, the idle ones first."""
    answer: tuple[Pid, ...] = gen_server.call(pool, "workers")
    return answer


def status(pool: Server = "pool") -> dict[str, int]:
    """How many workers are ``"idle"`` and ``"lent"``, and how many clients are ``"waiting"``."""
    answer: dict[str, int] = gen_server.call(pool, "status")
    return answer


@dataclass(frozen=True, slots=True)
class Client:
    ticket: str
    caller: From
    watch: Ref


@dataclass(frozen=True, slots=True)
class Workers:
    start: Callable[[], Pid]
    idle: tuple[Pid, ...]
    lent: dict[Pid, Client] = field(default_factory=dict)
    waiting: tuple[Client, ...] = ()


class Pool(GenServer[Workers]):
    def init(self, arg: tuple[Callable[[], Pid], int], /) -> Ok[Workers]:
        start, size = arg
        process.trap_exit()
        return Ok(Workers(start, idle=tuple(start() for _ in range(size))))

    def handle_call(self, request: Any, caller: From, state: Workers) -> CallResult[Workers]:
        match request:
            case ("checkout", ticket):
                client = Client(ticket, caller, process.monitor(caller.pid))
                return NoReply(lend(replace(state, waiting=(*state.waiting, client))))
            case "workers":
                return Reply((*state.idle, *state.lent), state)
            case "status":
                return Reply(count(state), state)
            case _:
                return super().handle_call(request, caller, state)

    def handle_cast(self, request: Any, state: Workers) -> Result[Workers]:
        match request:
            case ("checkin", worker, client):
                loan = state.lent.get(worker)
                return NoReply(dismiss(state, lambda c: c is loan and c.caller.pid == client))
            case ("cancel", ticket):
                return NoReply(dismiss(state, lambda c: c.ticket == ticket))
            case _:
                return super().handle_cast(request, state)

    def handle_info(self, message: Any, state: Workers) -> Result[Workers]:
        match message:
            case Down(ref):
                return NoReply(dismiss(state, lambda c: c.watch == ref))
            case Exit(worker) if worker in (*state.idle, *state.lent):
                return NoReply(renew(state, worker))
            case _:
                return super().handle_info(message, state)

    def terminate(self, reason: Any, state: Workers) -> None:
        for worker in (*state.idle, *state.lent):
            process.exit(worker, "shutdown")


def lend(state: Workers) -> Workers:
    """Give idle workers to those who wait, in the order they came."""
    idle, waiting, lent = list(state.idle), list(state.waiting), {**state.lent}
    while idle and waiting:
        worker, client = idle.pop(0), waiting.pop(0)
        lent[worker] = client
        gen_server.reply(client.caller, worker)
    return replace(state, idle=tuple(idle), waiting=tuple(waiting), lent=lent)


def dismiss(state: Workers, gone: Callable[[Client], bool]) -> Workers:
    """Let clients go, from the queue or with their worker brought home."""
    for client in filter(gone, (*state.lent.values(), *state.waiting)):
        process.demonitor(client.watch, flush=True)

    home = tuple(worker for worker, client in state.lent.items() if gone(client))
    lent = {worker: client for worker, client in state.lent.items() if not gone(client)}
    waiting = tuple(client for client in state.waiting if not gone(client))
    return lend(replace(state, idle=(*state.idle, *home), lent=lent, waiting=waiting))


def renew(state: Workers, dead: Pid) -> Workers:
    """A new worker for a dead one, whose client will hear of the death from its own call."""
    if dead in state.lent:
        process.demonitor(state.lent[dead].watch, flush=True)

    idle = tuple(worker for worker in state.idle if worker != dead)
    lent = {worker: client for worker, client in state.lent.items() if worker != dead}
    return lend(replace(state, idle=(*idle, state.start()), lent=lent))


def count(state: Workers) -> dict[str, int]:
    return {"idle": len(state.idle), "lent": len(state.lent), "waiting": len(state.waiting)}
