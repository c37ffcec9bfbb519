"""Short lives and restarts by the thousand: nobody who lives on grows with their number."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from time import monotonic

from otp import node, process, supervisor
from otp.supervisor import ChildSpec
from otp.terms import Pid
from tests.expecting import expect, flush
from tests.havoc.machine import PATIENCE, Size, size_of
from tests.havoc.report import Row
from tests.havoc.slow_poison.curve import growth
from tests.havoc.slow_poison.people import client
from tests.programs import launchers
from tests.servers.worker import spec

_LIVES = 10_000
_RESTARTS = 5000
_SAMPLES = 40
_LEAST = 200
"""So many are made even if that takes longer than it should."""
_PROMISED = "nobody who lives on has more memory or descriptors"


def _everyone(**more: int) -> dict[str, int]:
    kernel = node.current().os_pid
    assert kernel is not None
    (launcher,) = launchers(kernel)
    return {"the kernel": kernel, "the launcher": launcher, "the program": os.getpid(), **more}


def _worn(
    everyone: dict[str, int], do: Callable[[int], None], most: int, seconds: float
) -> tuple[int, list[str]]:
    """Do it in steps, for as long as there is time; how often it was done, and who has grown."""
    step, until = most // 200, monotonic() + seconds
    samples: list[tuple[int, dict[str, Size]]] = []
    done = 0
    while done < most and (monotonic() < until or done < _LEAST):
        do(step)
        done += step
        samples.append((done, {who: size_of(os_pid) for who, os_pid in everyone.items()}))
    return done, growth(samples)


def short_lives(seconds: float) -> list[Row]:
    pid = process.spawn_link(client, process.self())
    everyone = _everyone(**{"who has started them": expect(int, PATIENCE)})

    def breed(count: int) -> None:
        process.send(pid, ("breed", count))
        expect("done", PATIENCE)

    done, harm = _worn(everyone, breed, _LIVES, seconds)
    _end(pid)
    for line in harm:
        print(f"short lives: {line}", flush=True)
    return [Row("a process that lives for a moment", done, _PROMISED, len(harm))]


def restarts(chance: random.Random, seconds: float) -> list[Row]:
    """Killed by the operating system or by an exit signal; a client calls each of them."""
    caller = process.spawn_link(client, process.self())
    told = expect(int, PATIENCE)
    below: list[ChildSpec] = [spec("calm"), spec("worn")]
    sup = supervisor.start_link(below, intensity=1_000_000)
    servers = {news[1]: news[2] for news in (_news(), _news())}
    known = process.info(sup)
    assert known is not None
    everyone = _everyone(**{"the supervisor": known["os_pid"], "a client": told})

    def kill(count: int) -> None:
        for _ in range(count):
            servers["worn"] = _restarted(servers["worn"], by_signal=chance.random() < 0.5)
        process.send(caller, ("call", "worn", 1))
        expect("done", PATIENCE)

    done, harm = _worn(everyone, kill, _RESTARTS, seconds)
    if supervisor.which_children(sup)[1].pid != servers["calm"]:
        harm.append("the other server was restarted too")
    _end(caller)
    supervisor.stop(sup)
    flush()
    for line in harm:
        print(f"restarts: {line}", flush=True)
    return [Row("a server killed and restarted", done, _PROMISED, len(harm))]


def _news() -> tuple[str, str, Pid]:
    news: tuple[str, str, Pid] = expect(tuple, PATIENCE)
    assert news[0] == "init"
    return news


def _restarted(server: Pid, *, by_signal: bool) -> Pid:
    """Its successor."""
    if by_signal:
        process.exit(server, "kill")
    else:
        known = process.info(server)
        assert known is not None
        os.kill(known["os_pid"], signal.SIGKILL)
    return _news()[2]


def _end(pid: Pid) -> None:
    process.exit(pid, "kill")
    expect(lambda message: getattr(message, "pid", None) == pid, PATIENCE)
