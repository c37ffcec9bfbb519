"""A clock: sends itself a message every so often and counts how many have come.

The next tick is asked for when the last one is handled, so a ticker that is kept busy ticks less
often and never falls behind with a mailbox full of ticks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from otp import gen_server, process
from otp.gen_server import CallResult, GenServer, NoReply, Ok, Reply, Result
from otp.terms import From, Pid, Server


def start_link(seconds: float, *, name: str | None = "ticker") -> Pid:
    """Start a clock that ticks every `seconds`, linked to the caller."""
    return gen_server.start_link(Ticker, seconds, name=name)


def ticks(ticker: Server = "ticker") -> int:
    """How often it has ticked since it was started."""
    answer: int = gen_server.call(ticker, "ticks")
    return answer


@dataclass(frozen=True, slots=True)
class Clock:
    seconds: float
    ticks: int = 0


class Ticker(GenServer[Clock]):
    def init(self, seconds: float, /) -> Ok[Clock]:
        process.send_after(seconds, process.self(), "tick")
        return Ok(Clock(seconds))

    def handle_call(self, request: Any, caller: From, state: Clock) -> CallResult[Clock]:
        match request:
            case "ticks":
                return Reply(state.ticks, state)
            case _:
                return super().handle_call(request, caller, state)

    def handle_info(self, message: Any, state: Clock) -> Result[Clock]:
        match message:
            case "tick":
                process.send_after(state.seconds, process.self(), "tick")
                return NoReply(replace(state, ticks=state.ticks + 1))
            case _:
                return super().handle_info(message, state)
