"""The servers, their supervisors and the clients. Loaded into every process of the node.

All of them tell the witness, who survives, what they have done: a server of each request before it
answers, a client of each round of requests when it is over.
"""

from __future__ import annotations

import os
import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, NoReturn

from otp import gen_server, process, supervisor
from otp.errors import CallError, CallTimeout
from otp.gen_server import GenServer, NoReply, Ok, Reply, Stop
from otp.supervisor import ChildSpec
from otp.terms import Pid
from tests.havoc.violence.shape import Path, Shape

OF_A_CLIENT: Path = (-1,)
"""What a client has for a path."""

FAILURE = ValueError("an exception")
_DEFERRED = 3
"""One call in so many is answered later."""
_WHILE = 0.02
_FEW = 3
"""Descriptors: one request that is mapped, the file of a reply, a pipe."""
_ROOM = 64 << 20
_BOMB = 1 << 34


class Born(NamedTuple):
    """A server says so in its `init`; of a supervisor its parent does, when it has started."""

    path: Path
    pid: Pid
    os_pid: int


class Did(NamedTuple):
    """A server has heard this request of a client."""

    server: Pid
    client: Pid
    number: int


class Order(NamedTuple):
    """So many casts of so many bytes to this server, and then a call of the same length."""

    server: Pid
    casts: int
    size: int
    timeout: float


class Outcome(NamedTuple):
    """What came of the call with this number: "answered", "late", "refused", or why there was none.

    Casts and calls to one server are numbered together, from 1 on.
    """

    server: Pid
    number: int
    how: str
    reason: Any = None


class Report(NamedTuple):
    """A client has done all that it was to do."""

    client: Pid
    outcomes: list[Outcome]


# ---- servers


class Target(GenServer[Pid]):
    """`state` is the witness."""

    def init(self, arg: tuple[Path, Pid], /) -> Ok[Pid]:
        path, witness = arg
        process.send(witness, Born(path, process.self(), os.getpid()))
        return Ok(witness)

    def handle_call(self, request: Any, caller: Any, state: Pid) -> Reply[Pid] | NoReply[Pid]:
        match request:
            case (number, _):
                process.send(state, Did(process.self(), caller.pid, number))
                if number % _DEFERRED == 0:
                    process.send_after(_WHILE, process.self(), ("reply", caller, request))
                    return NoReply(state)
        return Reply(request, state)

    def handle_info(self, message: Any, state: Pid) -> NoReply[Pid]:
        match message:
            case ("reply", caller, answer):
                gen_server.reply(caller, answer)
        return NoReply(state)

    def handle_cast(self, request: Any, state: Pid) -> NoReply[Pid] | Stop[Pid]:
        match request:
            case (client, number, _):
                process.send(state, Did(process.self(), client, number))
            case "stop":
                return Stop("normal", state)
            case "raise":
                raise FAILURE
            case "exit":
                os._exit(3)
            case "bomb":
                _bomb()
            case "few descriptors":
                _lower(resource.RLIMIT_NOFILE, _descriptors_end() + _FEW)
        return NoReply(state)


def _bomb() -> None:
    with open("/proc/self/statm") as sizes:
        now = int(sizes.read().split()[0]) * resource.getpagesize()
    _lower(resource.RLIMIT_AS, now + _ROOM)
    bytearray(_BOMB)


def _lower(limit: int, soft: int) -> None:
    resource.setrlimit(limit, (soft, resource.getrlimit(limit)[1]))


def _descriptors_end() -> int:
    return max(map(int, os.listdir("/proc/self/fd"))) + 1


# ---- supervisors


def start_tree(witness: Pid, shape: Shape, path: Path = ()) -> Pid:
    """The supervisor at this path of the tree, with all that is below."""
    below = [_spec(witness, shape, (*path, number)) for number in range(shape.width(path))]
    pid = supervisor.start_link(
        below, strategy=shape.strategy(path), intensity=shape.intensity(path), period=3600
    )
    known = process.info(pid)
    process.send(witness, Born(path, pid, known["os_pid"] if known else 0))
    return pid


def _spec(witness: Pid, shape: Shape, path: Path) -> ChildSpec:
    if shape.is_server(path):
        server = partial(gen_server.start_link, Target, (path, witness), name=shape.name(path))
        return ChildSpec(path, server, shutdown=60.0)
    return ChildSpec(path, partial(start_tree, witness, shape, path), kind="supervisor")


# ---- clients


def client(witness: Pid) -> NoReturn:
    """Carries out orders, and "raise"; ("limited", limit, orders) with few of what is limited."""
    sent = Counter[Pid]()
    process.send(witness, Born(OF_A_CLIENT, process.self(), os.getpid()))
    while True:
        match process.receive():
            case "raise":
                raise FAILURE
            case ("limited", limit, orders):
                with _limited(limit):
                    outcomes = [_carry_out(order, sent) for order in orders]
            case orders:
                outcomes = [_carry_out(order, sent) for order in orders]
        process.send(witness, Report(process.self(), outcomes))


def _carry_out(order: Order, sent: Counter[Pid]) -> Outcome:
    """What could not be sent has no number."""
    server, casts, size, timeout = order
    me, padding = process.self(), bytes(size)
    try:
        for _ in range(casts):
            gen_server.cast(server, (me, sent[server] + 1, padding))
            sent[server] += 1
        how, reason = _call(server, (sent[server] + 1, padding), timeout)
    except OSError as error:
        return Outcome(server, sent[server], "refused", error.errno)
    sent[server] += 1
    return Outcome(server, sent[server], how, reason)


def _call(server: Pid, request: Any, timeout: float) -> tuple[str, Any]:
    try:
        answer = gen_server.call(server, request, timeout)
    except CallTimeout:
        return "late", None
    except CallError as error:
        return type(error).__name__, error.reason
    return ("answered", None) if answer == request else ("answered with", answer)


@contextmanager
def _limited(limit: str) -> Iterator[None]:
    which, soft = {
        "disk": (resource.RLIMIT_FSIZE, 4096),
        "descriptors": (resource.RLIMIT_NOFILE, _descriptors_end()),
    }[limit]
    before, _ = resource.getrlimit(which)
    _lower(which, soft)
    try:
        yield
    finally:
        _lower(which, before)
