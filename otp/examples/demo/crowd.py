"""A crowd: a hundred servers under one supervisor, started, all killed at once, and stopped."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from typing import Any, Final

from otp import gen_server, process, supervisor
from otp.examples.demo import screen
from otp.gen_server import CallResult, GenServer, Ok, Reply
from otp.supervisor import ChildSpec
from otp.terms import Down, From, Pid, Ref

MANY: Final = 100
PATIENCE: Final = 10.0  # seconds


class Member(GenServer[int]):
    def init(self, number: int, /) -> Ok[int]:
        return Ok(number)

    def handle_call(self, request: Any, caller: From, number: int) -> CallResult[int]:
        return Reply((number, os.getpid()), number)


def play() -> None:
    screen.title(f"A crowd of {MANY}")
    sup = supervisor.start_link(
        [ChildSpec("member", partial(gen_server.start_link, Member))],
        strategy="simple_one_for_one", intensity=MANY, period=60.0,
    )  # fmt: skip
    grow(sup)
    fall(sup)
    leave(sup)


def grow(sup: Pid) -> None:
    screen.announce(f"{MANY} servers are started, one after another.")
    began = time.perf_counter()
    for number in range(MANY):
        supervisor.start_child(sup, [number])
        screen.progress("started", number + 1, MANY)
    took = time.perf_counter() - began
    everyone = {gen_server.call(pid, "who are you?") for pid in members(sup)}
    held = {number for number, _ in everyone} == set(range(MANY))
    screen.confirm(f"{MANY} OS processes in {took * 1000:.0f} ms", held=held)


def fall(sup: Pid) -> None:
    screen.announce("kill -9 of all of them at once.")
    began = time.perf_counter()
    before = members(sup)
    os_pids = {gen_server.call(pid, "who are you?")[1] for pid in before}
    watches = {process.monitor(pid) for pid in before}
    for os_pid in os_pids:
        os.kill(os_pid, signal.SIGKILL)
    see_off(watches, "dead")
    everyone = {gen_server.call(pid, "who are you?") for pid in members(sup)}
    took = time.perf_counter() - began
    held = len(everyone) == MANY and not os_pids & {os_pid for _, os_pid in everyone}
    screen.confirm(f"{MANY} new ones answer, {took * 1000:.0f} ms later", held=held)


def leave(sup: Pid) -> None:
    screen.announce("The supervisor stops; its children go at the same time.")
    began = time.perf_counter()
    watches = {process.monitor(pid) for pid in (sup, *members(sup))}
    process.unlink(sup)
    process.exit(sup, "shutdown")
    see_off(watches, "stopped")
    took = time.perf_counter() - began
    screen.confirm(f"nobody is left, {took * 1000:.0f} ms later", held=not process.is_alive(sup))


def members(sup: Pid) -> list[Pid]:
    return [child.pid for child in supervisor.which_children(sup) if isinstance(child.pid, Pid)]


def see_off(watches: set[Ref], how: str) -> None:
    """Wait for all these deaths."""
    for count in range(len(watches)):
        process.receive(lambda m: isinstance(m, Down) and m.ref in watches, timeout=PATIENCE)
        screen.progress(how, count + 1, len(watches))
