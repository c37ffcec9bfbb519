"""Traps exits and ignores them."""

from __future__ import annotations

import time

from otp import process
from otp.gen_server import GenServer, NoReply, Ok
from otp.terms import Pid


def ignores(owner: Pid) -> None:
    """A process that only "kill" can end."""
    process.trap_exit()
    process.send(owner, "deaf")
    while True:
        process.receive()


class Deaf(GenServer[None]):
    """A server that takes its time to terminate."""

    def init(self, seconds: float, /) -> Ok[float]:
        process.trap_exit()
        return Ok(seconds)

    def handle_info(self, message: object, state: float) -> NoReply[float]:
        return NoReply(state)

    def terminate(self, reason: object, state: float) -> None:
        time.sleep(state)
