"""A silent trapping GenServer whose `terminate` takes 0.4 s: `slowpoke.erl`, written again."""

from __future__ import annotations

from typing import Any

from otp import gen_server, process
from otp.gen_server import CallResult, GenServer, NoReply, Ok, Reply, Result
from otp.terms import From, Pid
from tests.conformance.lib import tr


def start_link(n: Any) -> Pid:
    return gen_server.start_link(Slowpoke, n)


class Slowpoke(GenServer[Any]):
    def init(self, n: Any, /) -> Ok[Any]:
        process.trap_exit()
        return Ok(n)

    def handle_call(self, request: Any, caller: From, state: Any) -> CallResult[Any]:
        return Reply("ok", state)

    def handle_cast(self, request: Any, state: Any) -> Result[Any]:
        return NoReply(state)

    def terminate(self, reason: Any, state: Any) -> None:
        tr.sleep(0.4)
