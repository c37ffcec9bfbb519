"""The tree that the demo breaks: two servers, and a supervisor with three more below.

shop                 one_for_one, at most 5 restarts in 5 seconds
├─ kv_store
├─ rate_limiter
└─ workers           one_for_one, at most 2 restarts in a minute
   ├─ ticker
   ├─ slow_fetch
   └─ pool           of two runners
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from otp import gen_server, process, supervisor
from otp.examples import kv_store, pool, rate_limiter, slow_fetch, ticker
from otp.gen_server import CallResult, GenServer, Ok, Reply
from otp.supervisor import ChildSpec
from otp.terms import From, Pid, Server


def start_link() -> Pid:
    return supervisor.start_link(
        [
            ChildSpec("kv_store", kv_store.start_link),
            ChildSpec("rate_limiter", partial(rate_limiter.start_link, "rate_limiter", 100)),
            ChildSpec("workers", start_workers, kind="supervisor"),
        ],
        intensity=5,
        period=5.0,
        name="shop",
    )


def start_workers() -> Pid:
    return supervisor.start_link(
        [
            ChildSpec("ticker", partial(ticker.start_link, 0.05)),
            ChildSpec("slow_fetch", partial(slow_fetch.start_link, look_up)),
            ChildSpec("pool", partial(pool.start_link, start_runner, 2)),
        ],
        intensity=2,
        period=60.0,
        name="workers",
    )


def look_up(word: str) -> int:
    """What `slow_fetch` fetches here; it does not know everything."""
    return {"answer": 42}[word]


def start_runner() -> Pid:
    return gen_server.start_link(Runner, None)


def run(runner: Server, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call the function in the runner's process."""
    return gen_server.call(runner, ("run", function, arguments))


def careless_helper(server: str) -> NoReturn:
    """Links itself to the server, and then makes a mistake."""
    pid = process.whereis(server)
    assert pid is not None
    process.link(pid)
    raise RuntimeError("the helper has slipped")


class Runner(GenServer[None]):
    def init(self, arg: None, /) -> Ok[None]:
        return Ok(None)

    def handle_call(self, request: Any, caller: From, state: None) -> CallResult[None]:
        match request:
            case ("run", function, arguments):
                return Reply(function(*arguments), state)
            case _:
                return super().handle_call(request, caller, state)
