"""A signal handler that raises in the middle of an operation leaves nothing of it behind.

Every place is tried where it may strike in the process that began the operation.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from otp import gen_server, node, process, supervisor
from otp.errors import CallTimeout, StartError
from otp.runtime import here
from otp.terms import Exit, Pid, Ref
from tests.expecting import expect, expect_down
from tests.footprint import parcels
from tests.interrupting import Interrupted, Interrupter

LONG = bytes(10_000)


def state() -> dict[str, Any]:
    """What the process holds, and the node for it."""
    context = here.current()
    return {
        "processes": process.processes(),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "parcels": parcels(node.current().directory),
        "awaited": dict(context.mailbox.awaited),
        "monitors": dict(context.monitors),
        "waiting": [*context.mailbox.passed, *context.mailbox.arrived],
    }


def interrupted_everywhere(
    operation: Callable[[], Any],
    undo: Callable[[Any], None],
    settle: Callable[[], None] = lambda: None,
) -> int:
    """Try it until it is not interrupted any more; how many places there were."""
    modules = tuple(name for name in sys.modules if name.startswith("otp."))
    undo(operation())
    before = state()
    for place in count(1):
        interrupter = Interrupter(place, modules)
        try:
            with interrupter.at_work():
                result = operation()
        except Interrupted:
            pass
        else:
            undo(result)
        settle()
        for pid in set(process.processes()) - set(before["processes"]):
            assert expect_down(process.monitor(pid)) in ("killed", "noproc")
        assert (place, state()) == (place, before)
        if not interrupter.raised:
            return place
    raise AssertionError


class Echo(gen_server.GenServer[None]):
    def init(self, refuses: bool, /) -> Any:
        return gen_server.Stop("not today") if refuses else gen_server.Ok(None)

    def handle_call(self, request: Any, caller: Any, state: None) -> gen_server.Reply[None]:
        return gen_server.Reply(request, state)

    def handle_cast(self, request: Any, state: None) -> gen_server.NoReply[None]:
        return gen_server.NoReply(state)


def waits(*args: Any) -> None:
    process.receive()


def buried(pid: Pid) -> None:
    ref = process.monitor(pid)
    process.unlink(pid)
    process.exit(pid, "kill")
    expect_down(ref)


STARTS = {
    "start": lambda: gen_server.start(Echo, False, name="echo"),
    "supervisor": lambda: supervisor.start_link([]),
    "long": lambda: process.spawn(waits, LONG),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_start_that_is_interrupted_leaves_no_process(start) -> None:
    assert interrupted_everywhere(start, buried) > 50


def test_nor_does_one_with_a_monitor() -> None:
    def undo(started: tuple[Pid, Ref]) -> None:
        process.exit(started[0], "kill")
        expect_down(started[1])

    assert interrupted_everywhere(lambda: process.spawn_monitor(process.receive), undo) > 50
    assert interrupted_everywhere(lambda: gen_server.start_monitor(Echo, False), undo) > 50


def test_nor_does_one_that_fails() -> None:
    process.trap_exit()

    def fails() -> None:
        with pytest.raises(StartError):
            gen_server.start_link(Echo, True)
        expect(Exit) if process.info(process.self())["message_queue_len"] else None

    assert interrupted_everywhere(fails, lambda nothing: None) > 50


def test_a_first_use_that_is_interrupted_leaves_no_process() -> None:
    """The thread is a process, or it is none; the kernel thinks the same."""
    modules = tuple(name for name in sys.modules if name.startswith("otp."))
    here.detach()
    before = len(os.listdir("/proc/self/fd"))
    for place in count(1):
        interrupter = Interrupter(place, modules)
        with suppress(Interrupted), interrupter.at_work():
            process.self()
        assert (place, process.processes()) == (place, [process.self()])
        here.detach()
        assert (place, len(os.listdir("/proc/self/fd"))) == (place, before)
        if not interrupter.raised:
            break
    assert place > 50


def test_a_stop_that_is_interrupted_leaves_no_news() -> None:
    server = gen_server.start(Echo, False)

    def stop() -> None:
        with pytest.raises(CallTimeout):
            gen_server.stop(server, timeout=0)

    os.kill(process.info(server)["os_pid"], signal.SIGSTOP)
    assert interrupted_everywhere(stop, lambda nothing: None) > 50
    buried(server)


@pytest.mark.parametrize("asked", ["short", LONG], ids=["short", "long"])
def test_a_request_that_is_interrupted_leaves_no_reply(asked) -> None:
    server = gen_server.start(Echo, False, name="echo")

    def settled(nothing: Any = None) -> None:
        gen_server.call(server, "so that all that came before has been answered")

    for ask in (
        lambda: gen_server.call(server, asked),
        lambda: gen_server.cast(server, asked),
        lambda: gen_server.multi_call("echo", asked),
    ):
        assert interrupted_everywhere(ask, settled, settled) > 5
    buried(server)
