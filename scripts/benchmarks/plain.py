"""A server whose module imports nothing but the library."""

from __future__ import annotations

import os
import sys
from typing import Any

from otp import gen_server, process
from otp.gen_server import CallResult, GenServer, Ok, Reply
from otp.terms import From, Pid

BORN_IN = os.getpid()


class Plain(GenServer[None]):
    """Tells its customer, if it has one, each time it starts."""

    def init(self, customer: Pid | None, /) -> Ok[None]:
        if customer is not None:
            process.send(customer, "up")
        return Ok(None)

    def handle_call(self, request: Any, caller: From, state: None) -> CallResult[None]:
        if request == "is warm":
            module = sys.modules[type(self).__module__]
            return Reply(os.getpid() != module.BORN_IN, state)
        return Reply(request, state)


def start_link(cls: type[Plain], name: str | None = None, customer: Pid | None = None) -> Pid:
    return gen_server.start_link(cls, customer, name=name)
