"""Pickles whose loading does what no value should do, for servers and in all that is sent."""

from __future__ import annotations

import os
import random
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from otp import gen_server, process
from otp.errors import CallError
from otp.terms import From, Pid
from tests.havoc.hostile_bytes.world import World
from tests.servers.counter import Counter

Case = Callable[[World], object]
_LEAST: Final = 256 << 20  # bytes of address space that a process may take more than it has


class Does:
    """Its loading calls this."""

    def __init__(self, act: Callable[..., Any], *args: Any, size: int = 0) -> None:
        self.act, self.args, self.size = act, args, size

    def __reduce__(self) -> tuple[Any, ...]:
        return (_load, (self.act, self.args, bytes(self.size)))


def _load(act: Callable[..., Any], args: tuple[Any, ...], padding: bytes) -> Any:
    return act(*args)


def raises(text: str) -> None:
    raise ValueError(text)


def raises_what_cannot_be_shown() -> None:
    class Shy(Exception):
        def __repr__(self) -> str:
            raise SystemExit(3)

        __str__ = __repr__

    raise Shy


def exits() -> None:
    raise SystemExit(3)


def leaves() -> None:
    os._exit(3)


def crashes() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def recurses() -> None:
    recurses()


def takes_all_memory() -> None:
    with open("/proc/self/statm") as sizes:
        now = int(sizes.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + _LEAST, before[1]))
    try:
        hoard = [bytes(1 << 20) for _ in range(1 << 20)]
        raise AssertionError(len(hoard))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def forks() -> None:
    if child := os.fork():
        os.waitpid(child, 0)
    else:
        os._exit(0)


def forks_and_lives_on() -> None:
    """The child finds itself in the midst of a server that it is not."""
    if child := os.fork():
        os.waitpid(child, 0)


def spawns() -> None:
    process.spawn(os.getpid)


def sends(to: Pid) -> None:
    process.send(to, "from within")


def asks(to: Pid) -> Any:
    return gen_server.call(to, "count")


_TAME: Final[list[tuple[Callable[..., Any], tuple[Any, ...]]]] = [
    (raises, ("x",)), (raises, ("x" * 1_000_000,)), (raises_what_cannot_be_shown, ()), (exits, ()),
    (recurses, ()), (takes_all_memory, ()), (forks, ()), (forks_and_lives_on, ()), (spawns, ()),
]  # fmt: skip
_DEADLY: Final = [leaves, crashes]

_WAYS: Final[dict[str, Callable[[Pid, Any], Any]]] = {
    "a message": process.send,
    "a cast": gen_server.cast,
    "a call": lambda server, value: gen_server.call(server, value, 5.0),
    "a timer": lambda server, value: process.send_after(0, server, value),
    "a reply": lambda server, value: gen_server.reply(From(server, 9), value),
}


def cases(chance: random.Random) -> Iterator[tuple[str, Case]]:
    """Without end. Those who die of it are the receivers alone."""
    while True:
        way, size = chance.choice(list(_WAYS)), chance.choice([0, 0, 100_000])
        act, args = chance.choice([*_TAME, (sends, None), (asks, None)])
        yield f"{way} whose loading {act.__name__}", _case(way, act, args, size)
        if chance.random() < 0.2:
            way, act = chance.choice(["a message", "a cast"]), chance.choice(_DEADLY)
            yield f"{way} whose loading {act.__name__}", _dead(way, act)


def _case(way: str, act: Any, args: Any, size: int) -> Case:
    def case(world: World) -> None:
        given = (world.probe,) if args is None else args
        with suppress(CallError):
            _WAYS[way](world.victim, Does(act, *given, size=size))
        gen_server.call(world.victim, "count", 10.0)

    return case


def _dead(way: str, act: Any) -> Case:
    def case(world: World) -> None:
        doomed = gen_server.start(Counter, 7)
        ref = process.monitor(doomed)
        _WAYS[way](doomed, Does(act))
        process.receive(lambda message: getattr(message, "ref", None) == ref, timeout=10.0)

    return case
