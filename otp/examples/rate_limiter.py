"""A rate limiter: so many permits a second, and no more until the next second begins.

>>> from otp import gen_server, process
>>> from otp.examples import rate_limiter
>>> limiter = rate_limiter.start_link("api", max_per_second=3)
>>> [rate_limiter.allow("api") for _ in range(3)]
['ok', 'ok', 'ok']
>>> rate_limiter.allow("api")
('error', 'rate_limited')
>>> timer = process.send_after(1.1, process.self(), "a second later")
>>> process.receive(timeout=5)
'a second later'
>>> rate_limiter.allow("api")
'ok'
>>> gen_server.stop("api")
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from otp import gen_server, process
from otp.gen_server import CallResult, GenServer, NoReply, Ok, Reply, Result
from otp.terms import From, Pid, Server

Permit: TypeAlias = Literal["ok"] | tuple[Literal["error"], Literal["rate_limited"]]


def start_link(name: str | None, max_per_second: int) -> Pid:
    """Start a limiter with a full second's permits, linked to the caller."""
    return gen_server.start_link(RateLimiter, max_per_second, name=name)


def allow(name: Server) -> Permit:
    """``"ok"`` if this second has a permit left, else ``("error", "rate_limited")``."""
    answer: Permit = gen_server.call(name, "allow")
    return answer


@dataclass(frozen=True, slots=True)
class Window:
    max_per_second: int
    used: int = 0


class RateLimiter(GenServer[Window]):
    def init(self, max_per_second: int, /) -> Ok[Window]:
        reset_in_a_second()
        return Ok(Window(max_per_second))

    def handle_call(self, request: Any, caller: From, state: Window) -> CallResult[Window]:
        match request:
            case "allow" if state.used < state.max_per_second:
                return Reply("ok", replace(state, used=state.used + 1))
            case "allow":
                return Reply(("error", "rate_limited"), state)
            case _:
                return super().handle_call(request, caller, state)

    def handle_info(self, message: Any, state: Window) -> Result[Window]:
        match message:
            case "reset":
                reset_in_a_second()
                return NoReply(replace(state, used=0))
            case _:
                return super().handle_info(message, state)


def reset_in_a_second() -> None:
    process.send_after(1.0, process.self(), "reset")
