"""Threads that wait for somebody of the node while another one stops it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from otp import gen_server, node, process
from otp.errors import NodeDown
from otp.gen_server import NoReply, Ok
from otp.runtime import boot
from otp.terms import From, Pid
from tests.expecting import expect

pytestmark = pytest.mark.usefixtures("fresh_node")


class Stuck(gen_server.GenServer[Pid]):
    """Tells its owner when it has begun what never ends."""

    def init(self, how: tuple[Pid, bool], /) -> Ok[Pid]:
        owner, at_once = how
        if at_once:
            self.hang(owner)
        return Ok(owner)

    def handle_call(self, request: Any, caller: From, state: Pid) -> NoReply[Pid]:
        self.hang(state)
        return NoReply(state)

    def terminate(self, reason: Any, state: Pid) -> None:
        self.hang(state)

    @staticmethod
    def hang(owner: Pid) -> None:
        process.send(owner, "stuck")
        process.receive(lambda message: False)


WAITS = {
    "call": lambda me: gen_server.call(gen_server.start(Stuck, (me, False)), "hang", timeout=None),
    "stop": lambda me: gen_server.stop(gen_server.start(Stuck, (me, False))),
    "start": lambda me: gen_server.start(Stuck, (me, True)),
}


@pytest.mark.parametrize("waits", WAITS.values(), ids=WAITS)
def test_threads_that_wait_when_the_node_is_stopped_are_told(waits: Any) -> None:
    """Not one begins a node of its own in the middle of what it did in the old one."""
    me, raised = process.self(), []

    def work() -> None:
        try:
            waits(me)
        except BaseException as error:
            raised.append(type(error))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
        expect("stuck")
    node.stop()
    for thread in threads:
        thread.join()
    assert raised == [NodeDown] * 3
    assert boot.membership() is None
